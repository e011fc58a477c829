using System.Text.Json.Serialization;
using OrderSystem.OrderApi.Idempotency;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.OrderApi.Orders;

/// <summary>The routes of orders; each use case is the file of its name.</summary>
internal static class OrdersApi
{
    internal static void AddOrders(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<IdempotencyOptions>(IdempotencyOptions.Section);
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSingleton<OrderMetrics>();
        builder.Services.AddHostedService<OrderGauges>();
        builder.Services.AddSingleton<RunningKeys>();
        builder.Services.AddSingleton<OrderOfKey>();
        builder.Services.AddSingleton<PlaceOrder>();
        builder.Services.AddSingleton<CancelOrder>();
        builder.Services.AddHostedService<KeyExpiry>();
        builder.AddValidatedOptions<SweeperOptions>(SweeperOptions.Section);
        builder.Services.AddHostedService<Sweeper>();
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, OrderJson.Default);
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
    }

    internal static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("").WithTags("Orders");
        PlaceOrder.Map(orders);
        orders.MapGetOrder();
        orders.MapListOrders();
        orders.MapOrderTimeline();
        CancelOrder.Map(orders);
    }
}
