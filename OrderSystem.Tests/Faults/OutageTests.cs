using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Servers that go away and come back.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task While_NATS_is_down_orders_are_taken_and_they_are_paid_when_it_is_back()
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");

        await system.Nats.KillAsync();
        var orders = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.PlaceAsync()));
        Assert.Equal(20L, await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM outbox"));
        using (var ready = await client.Http.GetAsync(new Uri("/ready", UriKind.Relative)))
            Assert.True(ready.IsSuccessStatusCode);
        await system.Nats.StartAgainAsync();

        foreach (var order in orders)
            await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(90));
        await Eventually.BeTrueAsync("the outbox is empty", async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM outbox") == 0);
        Assert.Equal(21L, await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE status = 'succeeded'"));
    }

    [Fact]
    public async Task Several_instances_of_each_service_share_the_work()
    {
        await using var system = await RunningSystem.StartAsync();
        var second = await system.StartServiceAsync("OrderSystem.OrderApi");
        await system.StartServiceAsync("OrderSystem.PaymentWorker");
        await system.StartServiceAsync("OrderSystem.PaymentWorker");
        using var one = new Client(system.OrderApi.Address);
        using var two = new Client(second.Address);

        var orders = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => (i % 2 == 0 ? one : two).PlaceAsync()));
        foreach (var order in orders)
            await one.WaitForAsync(order, "paid");

        Assert.Equal(300L, await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE status = 'succeeded'"));
        Assert.Equal(300L, await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM inbox"));
    }
}
