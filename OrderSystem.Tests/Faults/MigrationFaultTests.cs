using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>A migration that waits for the locks of other sessions holds up neither orders nor payments.</summary>
public sealed class MigrationFaultTests
{
    [Fact]
    public async Task Orders_are_paid_while_a_migration_waits_for_locks()
    {
        await using var system = await FaultSystem.StartAsync();
        await Sql.ExecuteAsync(
            system.OrdersDatabase,
            """
            DROP INDEX outbox_parked, orders_refunded;
            DELETE FROM schema_migrations
                WHERE id IN ('OrderSystem.Messaging/0008_parked.sql', 'OrderSystem.OrderApi/0017_refunded_orders.sql')
            """);
        using var over = new CancellationTokenSource();
        var load = system.Load.RunAsync(new(Orders: 2_000, PerSecond: 10) { Until = over.Token });
        var ofOrders = await Sql.HoldAsync(system.OrdersDatabase, "LOCK TABLE orders IN ROW EXCLUSIVE MODE");
        var ofOutbox = await Sql.HoldAsync(system.OrdersDatabase, "LOCK TABLE outbox IN ROW EXCLUSIVE MODE");
        var migration = system.MigrateAsync(FaultSystem.ApiProject);

        // Its first index needs a lock that every INSERT INTO outbox would queue behind.
        await WaitForAsync(system, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
        await PlaceAndAwaitPaymentsAsync(system);
        Assert.False(migration.IsCompleted);
        await ofOutbox.DisposeAsync();

        // Its second one is built CONCURRENTLY.
        await WaitForAsync(
            system, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'virtualxid'");
        await PlaceAndAwaitPaymentsAsync(system);
        Assert.False(migration.IsCompleted);
        await ofOrders.DisposeAsync();

        await migration;
        await over.CancelAsync();
        await load;
        Assert.Equal(0, (await system.AuditAsync()).DeadLetters);
        Assert.Equal(2L, await Sql.ScalarAsync<long>(
            system.OrdersDatabase,
            "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid IN ('outbox_parked'::regclass, 'orders_refunded'::regclass)"));
    }

    private static Task WaitForAsync(FaultSystem system, string count) => Eventually.BeTrueAsync(
        "the migration waits", async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, count) == 1);

    private static async Task PlaceAndAwaitPaymentsAsync(FaultSystem system)
    {
        using var client = new Client(system.ApiAddresses[0]);
        for (var order = 0; order < 5; order++)
            await client.WaitForAsync(await client.PlaceAsync(), "paid");
    }
}
