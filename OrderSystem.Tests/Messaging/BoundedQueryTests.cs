using Npgsql;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.OrderApi.Idempotency;
using OrderSystem.OrderApi.Orders;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>
/// What the gauges and the sweeps read does not grow with the tables. It is counted over 30,000 rows of each kind that could be in the way, or over more than a
/// gauge counts; what an index is missing for would read them all.
/// </summary>
public sealed class BoundedQueryTests(SharedPostgres shared)
{
    /// <summary>More than the 100,000 that a gauge counts.</summary>
    private const int Counted = 110_000;
    private static readonly TimeSpan After = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task The_outbox_is_counted_up_to_a_bound()
    {
        var database = await MigratedAsync(typeof(Sweeper), Outbox);
        var figures = await Sql.RowAsync(database, OutboxGauges.Query);
        Assert.Equal(new object?[] { 100_000L, 100_000L }, figures[..2]);
        Assert.InRange((double)figures[2]!, 3_000, 4_000);
        await AssertReadsAsync(database, 330_000, 60_000, OutboxGauges.Query);
    }

    [Fact]
    public async Task The_age_of_the_outbox_is_told_behind_any_number_of_parked_events()
    {
        var database = await MigratedAsync(typeof(Sweeper), $"{Outbox} UPDATE outbox SET parked_at = now() WHERE order_id < {Id("150000")};");
        var figures = await Sql.RowAsync(database, OutboxGauges.Query);
        Assert.InRange((double)figures[2]!, 3_000, 4_000);
    }

    [Fact]
    public async Task Open_orders_are_counted_up_to_a_bound()
    {
        var database = await MigratedAsync(typeof(Sweeper), Orders("pending", Counted), Orders("manualReview", Counted), Orders("cancelled"), Orders("paid"));
        Assert.Equal(new object?[] { 100_000L, 100_000L }, (await Sql.RowAsync(database, OrderGauges.Query))[..2]);
        await AssertReadsAsync(database, 200_001, 30_000, OrderGauges.Query);
    }

    [Theory]
    [InlineData("cancelled", "updated_at = now() - interval '8 days'", 0)]
    [InlineData("cancelled", "offer_after = now() + interval '1 hour'", 0)]
    [InlineData("cancelled", "offer_after = 'infinity'", 0)]
    [InlineData("pending", "offer_after = now()", 0)]
    [InlineData("paid", "offer_after = NULL", 0)]
    [InlineData("cancelled", "offer_after = NULL", 500)]
    [InlineData("pending", "offer_after = NULL", 500)]
    public async Task A_sweep_reads_what_is_due(string status, string state, int due)
    {
        var database = await MigratedAsync(typeof(Sweeper), Orders(status), $"UPDATE orders SET {state};");
        await AssertReadsAsync(database, due * 10, 100 + (due * 60), Sweeper.Query, After, 500);
        Assert.Equal((long)due, await OfferAsync(database));
    }

    [Fact]
    public async Task A_sweep_stays_short_while_every_order_waits_in_the_outbox()
    {
        var database = await MigratedAsync(typeof(Sweeper), Orders("pending", Counted), "INSERT INTO outbox (order_id, version, available_at) SELECT id, 1, now() FROM orders;");
        await AssertReadsAsync(database, 30_000, 110_000, Sweeper.Query, After, 500);
    }

    [Fact]
    public async Task The_age_of_reviews_and_refunds_is_one_look_into_an_index()
    {
        var database = await MigratedAsync(
            typeof(OpenPayments), Payments("succeeded"), Payments("refunded"), Payments("unknown"), Payments("review"), Payments("refunding"),
            "UPDATE payments SET cancelled_at = now() - interval '1 hour' WHERE status IN ('refunded', 'refunding') OR (status = 'review' AND attempts = 0);");
        Assert.InRange((double)(await Sql.RowAsync(database, PaymentGauges.Query))[1]!, 3_600, 4_000);
        await AssertReadsAsync(database, 2, 20, PaymentGauges.Query);
    }

    [Theory]
    [InlineData("unknown", "attempts = 1", 16, 16)]
    [InlineData("unknown", "calls = '[]'", 0, 0)]
    [InlineData("charging", "attempts = 0", 16, 16)]
    [InlineData("unknown", "lease_until = now() + interval '1 hour'", 16, 0)]
    [InlineData("succeeded", "attempts = 1", 16, 0)]
    public async Task Open_payments_are_found_however_many_of_the_other_kind_wait(string status, string state, int budget, int due)
    {
        var database = await MigratedAsync(typeof(OpenPayments), Payments(status), $"UPDATE payments SET {state};");
        await AssertReadsAsync(database, 3 * due, 100 + (due * 60), OpenPayments.Query, 16, budget, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task What_is_old_is_deleted_by_its_age()
    {
        var database = await MigratedAsync(
            typeof(Sweeper),
            "INSERT INTO inbox (event_id, received_at) SELECT gen_random_uuid(), now() - i * interval '2 seconds' FROM generate_series(1, 300000) AS i;",
            "INSERT INTO deliveries (consumer, event_id, count, updated_at) SELECT 'c', gen_random_uuid(), 1, now() - i * interval '2 seconds' FROM generate_series(1, 300000) AS i;",
            "INSERT INTO idempotency_keys (client_id, key, request_hash, order_id, created_at) SELECT 'c', i::text, '\\x00', gen_random_uuid(), now() - i * interval '2 seconds' FROM generate_series(1, 300000) AS i;");
        foreach (var statement in new[] { Retention.OldInbox, Retention.OldDeliveries, KeyExpiry.Query })
        {
            await AssertReadsAsync(database, 10_000, 80_000, statement, TimeSpan.FromDays(2), 5_000);
            await AssertReadsAsync(database, 0, 100, statement, TimeSpan.FromDays(8), 5_000);
        }
    }

    private static string Outbox =>
        $"""
        INSERT INTO events (order_id, version, event_id, type, payload, occurred_at)
            SELECT {Id("i")}, 1, gen_random_uuid(), 'orders.created.v1', '', now() - interval '1 hour' FROM generate_series(1, 400000) AS i;
        INSERT INTO outbox (order_id, version, available_at, parked_at)
            SELECT {Id("i")}, 1, now() - interval '1 hour', CASE WHEN i > 200000 THEN now() END FROM generate_series(1, 400000) AS i;
        """;

    /// <summary>In the order of the number, as those of the services are in that of time.</summary>
    private static string Id(string number) => $"lpad(to_hex({number} + 1000000), 32, '0')::uuid";

    private static string Orders(string status, int count = 30_000) =>
        $"""
        INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at)
            SELECT gen_random_uuid(), 'c', 'EUR', 1, '[]', '{status}', now() - interval '1 hour', now() - interval '1 hour' FROM generate_series(1, {count});
        """;

    private static string Payments(string status) =>
        $"""
        INSERT INTO payments (order_id, id, amount, currency, provider_key, status, attempts, lease_until, created_at, updated_at)
            SELECT gen_random_uuid(), gen_random_uuid(), 1, 'EUR', gen_random_uuid(), '{status}', i % 2, now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour'
            FROM generate_series(1, 30000) AS i;
        """;

    private static async Task<long> OfferAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(PostgresDefaults.Complete(database, "test"));
        await using var command = source.CreateCommand(Sweeper.Query);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = After });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 500 });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task AssertReadsAsync(string database, long rows, long buffers, string sql, params object[] parameters)
    {
        var plan = await QueryPlan.OfAsync(PostgresDefaults.Complete(database, "test"), sql, parameters);
        Assert.True(plan.Rows <= rows && plan.Buffers <= buffers, $"{plan.Rows} rows and {plan.Buffers} buffers were read, {rows} and {buffers} are the bound: {plan.Text}");
    }

    private async Task<string> MigratedAsync(Type service, params string[] rows)
    {
        var database = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(database, service.Assembly, CancellationToken.None);
        foreach (var statement in rows)
            await Sql.ExecuteAsync(database, statement);
        await Sql.ExecuteAsync(database, "VACUUM ANALYZE");
        return database;
    }
}
