using System.Text.Json.Serialization;

namespace OrderSystem.OrderApi.Orders;

/// <summary>The routes of orders; each use case is the file of its name.</summary>
internal static class OrdersApi
{
    internal static void AddOrders(this IHostApplicationBuilder builder) =>
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, OrderJson.Default);
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });

    internal static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders").WithTags("Orders");
        orders.MapPlaceOrder();
        orders.MapGetOrder();
        orders.MapListOrders();
    }
}
