using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops;

/// <summary>
/// An audit of as many orders as a busy day has, on a session of the services' connection pool. The settings of that session suit short
/// statements: if the audit kept them, PostgreSQL would compare each event with each message.
/// </summary>
public sealed class LargeAuditTests(SharedPostgres shared)
{
    private const int Orders = 60_000;

    /// <summary>A quadratic comparison takes longer than a minute, the audit a few seconds.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(45);

    [Fact]
    public async Task An_audit_of_60_000_orders_finishes_within_its_deadline()
    {
        await using var database = await SettledAsync();
        using var deadline = new CancellationTokenSource(Deadline);
        await using var tables = await AuditTables.CreateAsync(database, deadline.Token);
        var now = await tables.NowAsync(deadline.Token);
        await FillAsync(tables, now - TimeSpan.FromHours(1), deadline.Token);

        var found = new List<string>();
        foreach (var check in AuditChecks.All)
        {
            var (count, first) = await tables.RunAsync(check, now, limit: 1, deadline.Token);
            if (count > 0)
                found.Add($"{check.Invariant}, {check.Text}: {count} disagree, the first is {first[0]}");
        }

        Assert.Empty(found);
        Assert.Equal(Orders, await tables.CountOrdersAsync(deadline.Token));
    }

    /// <summary>A database of orders that were paid, and refunded in part, long ago.</summary>
    private async Task<NpgsqlDataSource> SettledAsync()
    {
        var address = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(address, typeof(AuditChecks).Assembly, CancellationToken.None);
        await Sql.ExecuteAsync(
            address,
            $$"""
            INSERT INTO orders (id, customer_id, currency, total, items, status, refunded_total, created_at, updated_at)
            SELECT
                lpad(to_hex(i), 32, '0')::uuid, 'c', 'EUR', 12.5, '[]', 'paid', 2.5, now() - interval '1 hour', now() - interval '1 hour'
            FROM generate_series(0, {{Orders - 1}}) i;
            INSERT INTO refunds (id, order_id, amount, currency, source, status, created_at, updated_at)
            SELECT id, id, 2.5, 'EUR', 'request', 'succeeded', created_at, created_at FROM orders;
            INSERT INTO events (order_id, version, event_id, type, payload, occurred_at)
            SELECT id, 1, id, 'orders.created.v1', convert_to('{"total":12.5,"currency":"EUR"}', 'UTF8'), created_at FROM orders;
            INSERT INTO idempotency_keys (client_id, key, request_hash, order_id, created_at)
            SELECT 'tests', id::text, '', id, created_at FROM orders;
            ANALYZE;
            """);
        return NpgsqlDataSource.Create(PostgresDefaults.Complete(address, "audit"));
    }

    /// <summary>Fills the tables with the matching data of the worker, the streams and the provider.</summary>
    private static async Task FillAsync(AuditTables tables, DateTimeOffset then, CancellationToken cancellationToken)
    {
        await FillAsync(AuditTables.Events, order =>
        [
            (Outcome(order), NpgsqlDbType.Uuid), (order, NpgsqlDbType.Uuid), ("payments.succeeded.v1", NpgsqlDbType.Text),
            (then.UtcDateTime, NpgsqlDbType.TimestampTz), (null, default),
        ]);
        await FillAsync(AuditTables.Streamed, order => [(order, NpgsqlDbType.Uuid)]);
        await FillAsync(AuditTables.Streamed, order => [(Outcome(order), NpgsqlDbType.Uuid)]);
        foreach (var stream in new[] { Topology.Orders, Topology.Payments })
            await tables.AddStreamAsync(stream, then - TimeSpan.FromHours(1), cancellationToken);
        await FillAsync(AuditTables.Charges, order =>
        [
            ($"ch_{order}", NpgsqlDbType.Text), (order.ToString(), NpgsqlDbType.Text), (order, NpgsqlDbType.Uuid),
            (12.5m, NpgsqlDbType.Numeric), ("EUR", NpgsqlDbType.Text),
            (true, NpgsqlDbType.Boolean),
        ]);
        await FillAsync(AuditTables.Payments, order =>
        [
            (order, NpgsqlDbType.Uuid), ("succeeded", NpgsqlDbType.Text), (12.5m, NpgsqlDbType.Numeric), ("EUR", NpgsqlDbType.Text),
            ($"ch_{order}", NpgsqlDbType.Text),
            ($$"""[{"id":"{{order}}","amount":2.5,"status":"succeeded","updatedAt":"2026-01-31T12:00:00Z"}]""", NpgsqlDbType.Jsonb),
        ]);
        await FillAsync(AuditTables.Refunds, order => [($"ch_{order}", NpgsqlDbType.Text), (2.5m, NpgsqlDbType.Numeric)]);

        Task FillAsync(string table, Func<Guid, (object?, NpgsqlDbType)[]> row) =>
            tables.FillAsync(table, Numbered().Select(row).ToAsyncEnumerable(), cancellationToken);
    }

    private static IEnumerable<Guid> Numbered() =>
        Enumerable.Range(0, Orders).Select(i => Guid.Parse(i.ToString("x32", CultureInfo.InvariantCulture)));

    private static Guid Outcome(Guid order) => Guid.Parse(string.Concat("f", order.ToString("N").AsSpan(1)));
}
