using OrderSystem.OrderApi.Idempotency;

using OrderSystem.ServiceDefaults.Hosting;
using System.Text.Json.Serialization;

namespace OrderSystem.OrderApi.Orders;

/// <summary>The routes of orders, one file per use case.</summary>
internal static class OrdersApi
{
    internal static void AddOrders(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<IdempotencyOptions>(IdempotencyOptions.Section);
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSingleton<OrderMetrics>();
        builder.Services.AddHostedService<OrderGauges>();
        builder.Services.AddSingleton<InFlightKeys>();
        builder.Services.AddSingleton<IdempotentReplay>();
        builder.Services.AddSingleton<PlaceOrder>();
        builder.Services.AddSingleton<CancelOrder>();
        builder.Services.AddSingleton<RefundOrder>();
        builder.Services.AddHostedService<KeyExpiry>();
        builder.AddValidatedOptions<StalledOrdersOptions>(StalledOrdersOptions.Section);
        builder.Services.AddHostedService<StalledOrders>();
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, OrderJson.Default);
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
    }

    /// <summary>Counts rejected requests for orders. The first middleware, so that it sees every rejection.</summary>
    internal static void CountRejectedRequests(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<OrderMetrics>();
        app.Use(async (context, next) =>
        {
            await next(context);
            if (context.Response.StatusCode >= StatusCodes.Status400BadRequest
                && context.Request.Path.StartsWithSegments("/orders", StringComparison.Ordinal))
                metrics.Rejected(context.Response.StatusCode);
        });
    }

    internal static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("").WithTags("Orders");
        PlaceOrder.Map(orders);
        orders.MapGetOrder();
        orders.MapListOrders();
        CancelOrder.Map(orders);
        RefundOrder.Map(orders);
        app.MapPaymentMethod();
    }
}
