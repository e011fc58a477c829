using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>What the databases know is enough to go on.</summary>
public sealed class StoreFaultTests
{
    [Fact]
    public async Task F31_Deleting_the_JetStream_store_with_orders_in_flight_loses_none_of_them()
    {
        await using var system = await FaultSystem.StartAsync(settings: [("Sweeper__After", "00:00:05")]);
        await system.SetProviderAsync(new { latency = "00:00:00.3" });
        await system.Load.RunAsync(new(Orders: 200, PerSecond: 100));

        await system.Nats.KillAsync();
        var lost = await Sql.ScalarAsync<long>(
            system.OrdersDatabase, "SELECT count(*) FROM orders o WHERE status = 'pending' AND NOT EXISTS (SELECT FROM outbox WHERE order_id = o.id)");
        Directory.Delete(system.Nats.Store, recursive: true);
        await system.Nats.StartAgainAsync();
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 20));

        Assert.True(lost > 20, $"only {lost} orders depended on the store");
        await system.AuditAsync(TimeSpan.FromSeconds(90), new() { StreamsWereLost = true });
    }
}
