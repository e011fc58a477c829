using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>Orders in a healthy system.</summary>
public sealed class OrderJourneyTests(SharedSystem shared) : IAsyncLifetime
{
    private RunningSystem system = null!;
    private Client client = null!;

    public async ValueTask InitializeAsync()
    {
        system = await shared.StartedAsync();
        client = new Client(system.OrderApi.Address);
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_order_is_charged_once_with_its_amount_and_becomes_paid()
    {
        var order = await client.PlaceAsync(price: 12.34m, currency: "USD");
        await client.WaitForAsync(order, "paid");

        var charge = Assert.Single(await ChargesAsync(order));
        Assert.Equal(24.68m, charge.GetProperty("amount").GetDecimal());
        Assert.Equal("USD", charge.GetProperty("currency").GetString());
        Assert.Equal("succeeded", charge.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Two_hundred_orders_at_once_are_each_charged_once()
    {
        var orders = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => client.PlaceAsync()));
        foreach (var order in orders)
            await client.WaitForAsync(order, "paid");

        foreach (var order in orders)
            Assert.Single(await ChargesAsync(order));
    }

    [Fact]
    public async Task The_outboxes_become_empty_after_an_order_is_paid()
    {
        await client.WaitForAsync(await client.PlaceAsync(), "paid");

        foreach (var database in new[] { system.OrdersDatabase, system.PaymentsDatabase })
            await Eventually.BeTrueAsync(
                "the outbox is empty", async () => await Sql.ScalarAsync<long>(database, "SELECT count(*) FROM outbox") == 0);
    }

    [Fact]
    public async Task The_events_of_an_order_share_one_trace()
    {
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");

        var created = await Sql.RowAsync(
            system.OrdersDatabase, $"SELECT type, version, split_part(traceparent, '-', 2) FROM events WHERE order_id = '{order}'");
        var succeeded = await Sql.RowAsync(
            system.PaymentsDatabase, $"SELECT type, version, split_part(traceparent, '-', 2) FROM events WHERE order_id = '{order}'");
        Assert.Equal(["orders.created.v1", 1], created[..2]);
        Assert.Equal(["payments.succeeded.v1", 1], succeeded[..2]);
        Assert.Equal(created[2], succeeded[2]);
    }

    private async Task<JsonElement[]> ChargesAsync(Guid order)
    {
        using var http = new HttpClient { BaseAddress = system.Gateway.Address };
        return [.. (await http.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}")).EnumerateArray()];
    }
}
