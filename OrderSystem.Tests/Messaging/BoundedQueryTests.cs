using Npgsql;
using OrderSystem.Messaging.Inbox;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Idempotency;
using OrderSystem.OrderApi.Orders;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.PaymentWorker.Webhooks;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>
/// The gauge and background queries read a bounded number of rows, however large the tables are. The rows and buffers are counted over
/// 300,000 rows and more, with tens of thousands of each kind that could be in the way: a query that lacks an index reads them all.
/// </summary>
public sealed class BoundedQueryTests(SharedPostgres shared)
{
    private const string Ago = "now() - interval '1 hour'";
    private const string Later = "now() + interval '1 hour'";
    private static readonly TimeSpan After = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task Outbox_gauges_count_up_to_a_bound_and_report_the_age_behind_any_number_of_parked_events()
    {
        var database = await MigratedAsync(
            typeof(StalledOrders),
            $"""
            INSERT INTO events (order_id, version, event_id, type, payload, occurred_at)
                SELECT {Id("i")}, 1, gen_random_uuid(), 'orders.created.v1', '', {Ago} FROM generate_series(1, 450000) AS i;
            INSERT INTO outbox (order_id, version, available_at, parked_at)
                SELECT {Id("i")}, 1, {Ago}, CASE WHEN i > 449950 THEN now() END FROM generate_series(150001, 450000) AS i;
            """);
        var figures = await Sql.RowAsync(database, OutboxGauges.Query);
        Assert.Equal(new object?[] { 100_000L, 50L }, figures[..2]);
        Assert.InRange((double)figures[2]!, 3_600, 4_600);
        await AssertReadsAsync(database, 130_000, 60_000, OutboxGauges.Query);

        await Sql.ExecuteAsync(database, $"UPDATE outbox SET parked_at = now() WHERE order_id < {Id("270000")}");
        figures = await Sql.RowAsync(database, OutboxGauges.Query);
        Assert.Equal(new object?[] { 100_000L, 100_000L }, figures[..2]);
        Assert.InRange((double)figures[2]!, 3_600, 4_600);
    }

    [Fact]
    public async Task Open_orders_are_counted_up_to_a_bound()
    {
        var database = await MigratedAsync(typeof(StalledOrders), Orders("pending", 150_000), Orders("manualReview", 150_000),
            Orders("cancelled", 50_000), Orders("paid", 50_000));
        Assert.Equal(new object?[] { 100_000L, 100_000L }, (await Sql.RowAsync(database, OrderGauges.Query))[..2]);
        await AssertReadsAsync(database, 200_001, 30_000, OrderGauges.Query);
    }

    [Fact]
    public async Task Open_refunds_and_refunded_orders_are_found_with_bounded_reads_among_many_others()
    {
        var database = await MigratedAsync(
            typeof(StalledOrders), Orders("paid", 300_000), Refunds("succeeded"), Refunds("pending"), Refunds("failed"),
            $"UPDATE orders SET refunded_total = total WHERE id < {Id("1000")};");
        await AssertReadsAsync(database, 50_001, 10_000, OrderGauges.Query);
        Assert.Equal(50_000L, (await Sql.RowAsync(database, OrderGauges.Query))[3]);

        // The refunded orders are the oldest: to find them among all that are paid would read every order.
        var list = $"SELECT id FROM orders WHERE true {ListOrders.StatusFilter("refunded")} ORDER BY id DESC LIMIT 51";
        await AssertReadsAsync(database, 51, 100, list);
        await AssertReadsAsync(
            database, 51, 200, $"SELECT id FROM orders WHERE true {ListOrders.StatusFilter("paid")} ORDER BY id DESC LIMIT 51");
        await AssertReadsAsync(database, 3, 30, OrderRefund.OfOrder, Guid.Parse("00000000-0000-0000-0000-000001000001"));
    }

    [Fact]
    public async Task The_stalled_order_query_reads_only_due_orders()
    {
        var database = await MigratedAsync(
            typeof(StalledOrders), Orders("cancelled", 50_000, updated: "now() - interval '8 days'"),
            Orders("cancelled", 50_000, offerAfter: Later), Orders("cancelled", 50_000, offerAfter: "'infinity'"),
            Orders("pending", 50_000, offerAfter: "now()"), Orders("paid", 50_000), Orders("cancelled", 700), Orders("pending", 8_000));
        await AssertReadsAsync(database, 5_000, 40_000, StalledOrders.Query, After, 500);
        for (var round = 0; round < 20; round++)
            Assert.Equal(round < 17 ? 500 : round == 17 ? 200 : 0, await RepublishDueAsync(database));
        await AssertReadsAsync(database, 0, 1_000, StalledOrders.Query, After, 500);
    }

    [Fact]
    public async Task The_stalled_order_query_stays_bounded_while_every_order_waits_in_the_outbox()
    {
        var database = await MigratedAsync(typeof(StalledOrders),
            Orders("pending", 150_000), "INSERT INTO outbox (order_id, version, available_at) SELECT id, 1, now() FROM orders;");
        await AssertReadsAsync(database, 30_000, 110_000, StalledOrders.Query, After, 500);
    }

    [Fact]
    public async Task Open_payments_are_found_and_aged_with_bounded_reads_among_many_others()
    {
        var database = await MigratedAsync(
            typeof(OpenPayments), Payments("succeeded"), Payments("refunded", cancelled: Ago), Payments("unknown", lease: Later),
            Payments("unknown"), Payments("review"),
            Payments("refunding", lease: Later, cancelled: Ago), Payments("processing", lease: Later), Payments("processing"),
            PaymentRefunds("succeeded"), PaymentRefunds("pending", lease: Later), PaymentRefunds("pending"), PaymentRefunds("review"),
            PaymentRefunds("pending", lease: Later, processing: Ago), PaymentRefunds("pending", processing: Ago));
        await AssertReadsAsync(database, 5, 50, PaymentGauges.Query);
        Assert.All(await Sql.RowAsync(database, PaymentGauges.Query), age => Assert.InRange((double)age!, 3_600, 4_600));

        await AssertReadsAsync(database, 64, 1_000, DuePayments.Query, 16, 16, TimeSpan.FromMinutes(1));
        await AssertReadsAsync(database, 0, 100, DuePayments.Query, 16, 0, TimeSpan.FromMinutes(1));
        await AssertReadsAsync(database, 16 * 5, 2_000, DueRefunds.Query, 16, 16, TimeSpan.FromMinutes(1));
        await AssertReadsAsync(database, 0, 100, DueRefunds.Query, 16, 0, TimeSpan.FromMinutes(1));
        await Sql.ExecuteAsync(database, "UPDATE payments SET calls = NULL WHERE status = 'unknown'");
        await AssertReadsAsync(database, 64, 1_000, DuePayments.Query, 16, 16, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Webhooks_are_taken_counted_and_purged_with_bounded_reads_among_many_others()
    {
        var database = await MigratedAsync(
            typeof(OpenPayments), Payments("processing", lease: Later), Webhooks("applied"), Webhooks("waiting", due: Later),
            Webhooks("waiting"), Webhooks("dead"), PaymentRefunds("succeeded"));
        await AssertReadsAsync(database, 10_000, 2_000, WebhookGauges.Query);
        await AssertReadsAsync(database, 64 * 4, 2_000, DueWebhooks.Query, 64, TimeSpan.FromSeconds(30));
        await Sql.ExecuteAsync(
            database,
            """
            UPDATE payments SET provider_reference = 'ch_' || order_id;
            UPDATE webhook_events SET order_id = NULL, charge = 'ch_' || order_id, claim = 'refunded', reference = 're_' || order_id
            WHERE state = 'waiting' AND due_at <= now()
            """);
        await AssertReadsAsync(database, 64 * 8, 4_000, DueWebhooks.Query, 64, TimeSpan.FromSeconds(30));
        await AssertReadsAsync(database, 10_000, 80_000, WebhooksSetup.Settled, TimeSpan.FromMinutes(30), 5_000);
        await AssertReadsAsync(database, 0, 100, WebhooksSetup.Settled, TimeSpan.FromDays(8), 5_000);
    }

    [Fact]
    public async Task Retention_and_key_expiry_read_only_expired_rows()
    {
        const string Rows = "now() - i * interval '1 second' FROM generate_series(1, 300000) AS i";
        var database = await MigratedAsync(
            typeof(StalledOrders),
            $"INSERT INTO inbox (event_id, received_at) SELECT {Id("i")}, {Rows};",
            $"INSERT INTO deliveries (consumer, event_id, count, updated_at) SELECT 'c', {Id("i")}, 1, {Rows};",
            "INSERT INTO idempotency_keys (client_id, key, request_hash, order_id, created_at) "
                + $"SELECT 'c', i::text, '\\x00', {Id("i")}, {Rows};");
        foreach (var statement in new[] { Retention.OldInbox, Retention.OldDeliveries, KeyExpiry.Query })
        {
            await AssertReadsAsync(database, 10_000, 80_000, statement, TimeSpan.FromDays(2), 5_000);
            await AssertReadsAsync(database, 0, 100, statement, TimeSpan.FromDays(8), 5_000);
        }
    }

    /// <summary>Ids that sort by number, as the version 7 ids of the services sort by time.</summary>
    private static string Id(string number) => $"lpad(to_hex({number} + 16777216), 32, '0')::uuid";

    private static string Orders(string status, int count, string updated = Ago, string offerAfter = "NULL") =>
        $"""
        INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at, offer_after)
            SELECT
                {Id("i + (SELECT count(*)::int FROM orders)")}, 'c', 'EUR', 1, '[]', '{status}', {updated}, {updated}, {offerAfter}
            FROM generate_series(1, {count}) AS i;
        """;

    private static string Refunds(string status) =>
        $"""
        INSERT INTO refunds (id, order_id, amount, currency, source, status, created_at, updated_at)
            SELECT gen_random_uuid(), {Id("i")}, 1, 'EUR', 'request', '{status}', {Ago}, {Ago} FROM generate_series(1, 50000) AS i;
        """;

    private static string Payments(string status, string lease = Ago, string cancelled = "NULL") =>
        $"""
        INSERT INTO payments (
            order_id, id, amount, currency, provider_key, status, attempts, calls, lease_until, created_at, updated_at, cancelled_at,
            processing_since)
            SELECT
                {Id("i + (SELECT count(*)::int FROM payments)")}, gen_random_uuid(), 1, 'EUR', gen_random_uuid(), '{status}', 1, '[]',
                {lease}, {Ago}, {Ago}, {cancelled}, {(status == "processing" ? Ago : "NULL")}
            FROM generate_series(1, 50000) AS i;
        """;

    private static string PaymentRefunds(string status, string lease = Ago, string processing = "NULL") =>
        $"""
        INSERT INTO refunds (
            id, order_id, amount, currency, source, status, attempts, calls, provider_key, provider_reference, lease_until, created_at,
            updated_at, first_attempt_at, processing_since)
            SELECT gen_random_uuid(), {Id("i")}, 1, 'EUR', 'request', '{status}', 1, '[]', gen_random_uuid(),
                CASE '{status}' WHEN 'succeeded' THEN 're_' || {Id("i")} END, {lease}, {Ago}, {Ago}, {Ago}, {processing}
            FROM generate_series(1, 20000) AS i;
        """;

    private static string Webhooks(string state, string due = Ago) =>
        $"""
        INSERT INTO webhook_events (id, provider, event_id, type, claim, order_id, received_at, due_at, state)
            SELECT gen_random_uuid(), 'http', '{state}' || i, 'charge.succeeded', 'succeeded', {Id("i")}, {Ago}, {due}, '{state}'
            FROM generate_series(1, 50000) AS i;
        """;

    private static async Task<long> RepublishDueAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(PostgresDefaults.Complete(database, "test"));
        await using var command = source.CreateCommand(StalledOrders.Query);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = After });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 500 });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task AssertReadsAsync(string database, long rows, long buffers, string sql, params object[] parameters)
    {
        var plan = await QueryPlan.OfAsync(PostgresDefaults.Complete(database, "test"), sql, parameters);
        Assert.True(plan.Rows <= rows && plan.Buffers <= buffers,
            $"{plan.Rows} rows and {plan.Buffers} buffers were read, the bounds are {rows} and {buffers}: {plan.Text}");
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
