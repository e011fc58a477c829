using Npgsql;
using NpgsqlTypes;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>
/// Temporary tables in a session of their own, beside this service's tables. The other sources are streamed into them, so that PostgreSQL
/// does the comparison, on disk if necessary, and this process keeps nothing in memory.
/// </summary>
internal sealed class AuditTables(NpgsqlConnection session) : IAsyncDisposable
{
    internal const string Charges = "audit_charges (id, order_ref, order_id, amount, currency, succeeded)";
    internal const string Refunds = "audit_refunds (charge_id, amount)";
    internal const string Payments = "audit_payments (order_id, status, amount, currency, provider_reference, refunds)";
    internal const string Events = "audit_events (event_id, order_id, type, occurred_at, waiting_since)";
    internal const string Webhooks = "audit_webhooks (order_id, event_id, detail)";
    internal const string Findings = "audit_findings (reference, what)";
    internal const string Streamed = "audit_streamed (event_id)";

    /// <summary>The outbox is copied before the streams are read: an event that leaves it meanwhile is found in its stream.</summary>
    private const string Create =
        """
        SET statement_timeout = 0;
        SET lock_timeout = 0;
        SET enable_seqscan = on;
        CREATE TEMP TABLE audit_outbox AS
            SELECT order_id, version, parked_at, last_error, to_timestamp(emission) AS republished_at FROM outbox;
        CREATE TEMP TABLE audit_charges (id text, order_ref text, order_id uuid, amount numeric, currency text, succeeded boolean);
        CREATE TEMP TABLE audit_refunds (charge_id text, amount numeric);
        CREATE TEMP TABLE audit_payments (
            order_id uuid, status text, amount numeric, currency text, provider_reference text, refunds jsonb);
        CREATE TEMP TABLE audit_events (event_id uuid, order_id uuid, type text, occurred_at timestamptz, waiting_since timestamptz);
        CREATE TEMP TABLE audit_webhooks (order_id uuid, event_id text, detail text);
        CREATE TEMP TABLE audit_findings (reference text, what text);
        CREATE TEMP TABLE audit_streamed (event_id uuid);
        CREATE TEMP TABLE audit_streams (stream text, since timestamptz);
        """;

    internal static async Task<AuditTables> CreateAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        // When the session returns to the pool it is reset, which drops the tables and settings.
        var tables = new AuditTables(await database.OpenConnectionAsync(cancellationToken));
        await tables.ExecuteAsync(Create, cancellationToken);
        return tables;
    }

    public ValueTask DisposeAsync() => session.DisposeAsync();

    internal async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT now()", session);
        return new((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!, TimeSpan.Zero);
    }

    internal async Task<long> CountOrdersAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT count(*) FROM orders", session) { CommandTimeout = 0 };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Streams rows into a table; each row has a value for each column, in order.</summary>
    internal async Task FillAsync(
        string table, IAsyncEnumerable<(object? Value, NpgsqlDbType Type)[]> rows, CancellationToken cancellationToken)
    {
        await using (var copy = await session.BeginBinaryImportAsync($"COPY {table} FROM STDIN (FORMAT binary)", cancellationToken))
        {
            await foreach (var row in rows.WithCancellation(cancellationToken))
            {
                await copy.StartRowAsync(cancellationToken);
                foreach (var (value, type) in row)
                    await (value is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(value, type, cancellationToken));
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await ExecuteAsync($"ANALYZE {table.Split(' ')[0]}", cancellationToken);
    }

    internal async Task AddStreamAsync(string stream, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("INSERT INTO audit_streams VALUES ($1, $2)", session);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stream });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = since.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs a check.</summary>
    /// <returns>The number of violations, and the first of them.</returns>
    internal async Task<(long Count, List<AuditDisagreement> First)> RunAsync(
        AuditCheck check, DateTimeOffset settledBefore, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT found.*, count(*) OVER () FROM ({check.Sql}) AS found (subject, what) ORDER BY 1 LIMIT {limit}",
            session) { CommandTimeout = 0 };
        if (check.Sql.Contains("$1", StringComparison.Ordinal))
        {
            command.Parameters.Add(
                new NpgsqlParameter<DateTime> { TypedValue = settledBefore.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        }

        var first = new List<AuditDisagreement>();
        long count = 0;
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            first.Add(new(row.GetString(0), row.GetString(1)));
            count = row.GetInt64(2);
        }

        return (count, first);
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, session) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
