using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Rows of the outbox that this release cannot publish.</summary>
public sealed class OutboxRowTests
{
    [Fact]
    public async Task F35_An_unreadable_row_is_parked_alone_and_published_by_a_release_that_knows_its_type()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.Nats.KillAsync();
        await system.Load.RunAsync(new(Orders: 99, PerSecond: 100));

        // One event has a type that only a later release knows, one is missing from the ledger, and all are due at the same time.
        var (unknownType, lost) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Sql.ExecuteAsync(
            system.OrdersDatabase,
            $$"""
            INSERT INTO events (order_id, version, event_id, type, payload, occurred_at)
            VALUES (
                '{{unknownType}}', 1, gen_random_uuid(), 'orders.split.v1',
                convert_to('{"orderId":"{{unknownType}}","reason":"split"}', 'UTF8'), now());
            INSERT INTO outbox (order_id, version, available_at) VALUES ('{{unknownType}}', 1, now()), ('{{lost}}', 1, now());
            UPDATE outbox SET available_at = now() - interval '1 minute';
            """);
        await system.Nats.StartAgainAsync();

        await Eventually.BeTrueAsync(
            "the other events are published", async () => await CountAsync(system, "parked_at IS NULL") == 0, TimeSpan.FromSeconds(20));
        Assert.Equal(2L, await CountAsync(system, "parked_at IS NOT NULL"));
        Assert.Contains("orders.split.v1", await ReasonAsync(system, unknownType), StringComparison.Ordinal);
        Assert.Contains("the ledger has no such event", await ReasonAsync(system, lost), StringComparison.Ordinal);
        await Eventually.BeTrueAsync(
            "all are paid",
            async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM orders WHERE status = 'paid'") == 99,
            TimeSpan.FromSeconds(60));

        // Changing the type has the same effect as a release that knows it.
        await Sql.ExecuteAsync(system.OrdersDatabase, $"UPDATE events SET type = 'orders.cancelled.v1' WHERE order_id = '{unknownType}'");
        await system.StopAsync(system.Apis[0]);
        await system.StartApiAsync();
        await Eventually.BeTrueAsync("the parked event is published",
            async () => await CountAsync(system, $"order_id = '{unknownType}'") == 0, TimeSpan.FromSeconds(20));
        Assert.Equal(1L, await CountAsync(system, $"order_id = '{lost}' AND parked_at IS NOT NULL"));
    }

    private static Task<long> CountAsync(FaultSystem system, string condition) =>
        Sql.ScalarAsync<long>(system.OrdersDatabase, $"SELECT count(*) FROM outbox WHERE {condition}");

    private static Task<string> ReasonAsync(FaultSystem system, Guid order) =>
        Sql.ScalarAsync<string>(system.OrdersDatabase, $"SELECT last_error FROM outbox WHERE order_id = '{order}'");
}
