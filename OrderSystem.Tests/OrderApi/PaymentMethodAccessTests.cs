using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>Only a token with its own scope reads payment methods, and only while the order is not final.</summary>
public sealed class PaymentMethodAccessTests(SharedSystem shared)
{
    [Fact]
    public async Task Neither_clients_nor_operators_read_a_payment_method()
    {
        var api = (await shared.StartedAsync()).OrderApi.Address;
        using var http = Tokens.Http(api);
        using var response = await http.GetAsync(new Uri($"/internal/orders/{Guid.NewGuid()}/payment-method", UriKind.Relative));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains(
            "orders.payment-methods", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_worker_reads_it_until_the_order_is_final()
    {
        var system = await shared.StartedAsync();
        using var worker = Tokens.Http(system.OrderApi.Address, Tokens.ForPaymentMethods);
        using var client = new Client(system.OrderApi.Address);
        var order = Guid.CreateVersion7();
        await Sql.ExecuteAsync(
            system.OrdersDatabase, $"INSERT INTO payment_methods (order_id, token, created_at) VALUES ('{order}', 'pm_1', now())");
        Assert.Equal("pm_1", (await worker.GetFromJsonAsync<JsonElement>(Path(order))).GetProperty("paymentMethod").GetString());

        var placed = await client.PlaceAsync(paymentMethod: "pm_2");
        await client.WaitForAsync(placed, "paid");
        using var gone = await worker.GetAsync(Path(placed));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Equal("pm_1", (await worker.GetFromJsonAsync<JsonElement>(Path(order))).GetProperty("paymentMethod").GetString());
        using var orders = await worker.GetAsync(new Uri("/orders", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, orders.StatusCode);

        static Uri Path(Guid order) => new($"/internal/orders/{order}/payment-method", UriKind.Relative);
    }
}
