using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>Inbox and delivery rows are deleted only when no stream can redeliver their events.</summary>
public sealed class RetentionTests(SharedSystem shared)
{
    [Theory]
    [InlineData("OrderSystem.OrderApi")]
    [InlineData("OrderSystem.PaymentWorker")]
    public async Task Expired_inbox_and_delivery_rows_are_deleted_by_concurrent_instances(string service)
    {
        var system = await shared.StartedAsync();
        var database = service == "OrderSystem.OrderApi" ? system.OrdersDatabase : system.PaymentsDatabase;
        var consumer = $"retention-{Guid.NewGuid()}";
        var (young, parked) = (Guid.NewGuid(), Guid.NewGuid());
        await Sql.ExecuteAsync(
            database,
            $"""
            INSERT INTO inbox (event_id, received_at)
                SELECT gen_random_uuid(), now() - interval '8 days 1 minute' FROM generate_series(1, 12000);
            INSERT INTO inbox (event_id, received_at) VALUES ('{young}', now() - interval '7 days 23 hours');
            INSERT INTO deliveries (consumer, event_id, count, updated_at)
                SELECT '{consumer}', gen_random_uuid(), 3, now() - interval '8 days 1 minute' FROM generate_series(1, 100);
            INSERT INTO deliveries (consumer, event_id, count, updated_at)
                VALUES ('{consumer}', '{young}', 3, now() - interval '7 days 23 hours');
            INSERT INTO outbox (order_id, version, available_at, parked_at)
                VALUES ('{parked}', 1, now() - interval '90 days', now() - interval '90 days');
            """);

        await using var one = await system.StartServiceAsync(service, ("Retention__Period", "00:00:00.2"));
        await using var two = await system.StartServiceAsync(service, ("Retention__Period", "00:00:00.2"));

        await Eventually.BeTrueAsync(
            "expired inbox rows are deleted", async () => await CountAsync("inbox WHERE received_at < now() - interval '8 days'") == 0);
        await Eventually.BeTrueAsync(
            "expired delivery counts are deleted", async () => await CountAsync($"deliveries WHERE consumer = '{consumer}'") == 1);
        Assert.Equal(1L, await CountAsync($"inbox WHERE event_id = '{young}'"));
        Assert.Equal(1L, await CountAsync($"outbox WHERE order_id = '{parked}'"));
        Assert.DoesNotContain("Purge of old inbox rows failed", one.Output + two.Output, StringComparison.Ordinal);
        await Sql.ExecuteAsync(
            database, $"DELETE FROM outbox WHERE order_id = '{parked}'; DELETE FROM deliveries WHERE consumer = '{consumer}'");

        Task<long> CountAsync(string what) => Sql.ScalarAsync<long>(database, $"SELECT count(*) FROM {what}");
    }

    [Fact]
    public async Task An_inbox_retention_shorter_than_the_MaxAge_of_the_stream_prevents_startup()
    {
        var environment = (await shared.StartedAsync()).Environment();
        environment["Retention__Inbox"] = "6.00:00:00";

        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.OrderApi", environment);

        Assert.Equal(1, exitCode);
        Assert.Contains("JetStream__MaxAge", output, StringComparison.Ordinal);
    }
}
