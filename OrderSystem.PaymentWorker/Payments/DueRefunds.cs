using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>The refunds of paid orders that are due: their lease or their wait has elapsed.</summary>
internal sealed class DueRefunds(NpgsqlDataSource database, Doubt doubt, IOptions<GatewayOptions> options)
{
    /// <summary>Whether the provider was called before, as the index of due refunds has it.</summary>
    private const string WasCalled = "(CASE WHEN calls IS NULL THEN 0 ELSE 1 END)";

    internal const string Query =
        $"""
        WITH first AS (
            SELECT id FROM refunds WHERE status = 'pending' AND {WasCalled} = 0 AND lease_until <= now()
            ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED),
        again AS (
            SELECT id FROM refunds WHERE status = 'pending' AND {WasCalled} = 1 AND lease_until <= now()
            ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED),
        taken AS (
            UPDATE refunds SET
                attempts = attempts + CASE WHEN processing_since IS NULL THEN 1 ELSE 0 END,
                first_attempt_at = coalesce(first_attempt_at, now()), lease_until = now() + $3, updated_at = now()
            WHERE id = ANY (ARRAY(SELECT id FROM first UNION ALL SELECT id FROM again LIMIT $1))
            RETURNING *)
        SELECT t.order_id, p.id, t.id, t.amount, t.currency, p.provider_reference, t.provider_key, t.attempts, t.first_attempt_at,
            t.in_doubt, t.reason, p.refunded_total, t.calls IS NOT NULL,
            CASE WHEN t.processing_since IS NOT NULL THEN greatest(interval '0', now() - t.processing_since) END, t.traceparent
        FROM taken t JOIN payments p ON p.order_id = t.order_id
        """;

    /// <summary>Takes the lease of due refunds. Workers never get the same one.</summary>
    /// <param name="limit">Refunds at most.</param>
    /// <param name="retries">Of these, refunds at most for which the provider was called before.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>Refunds to resume, each with the W3C trace context of its order.</returns>
    internal async Task<List<(OpenRefund Refund, string? TraceParent)>> LeaseAsync(
        int limit, int retries, CancellationToken cancellationToken)
    {
        var refunds = new List<(OpenRefund Refund, string? TraceParent)>();
        await using var command = database.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = retries });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Lease });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            refunds.Add((Read(row), TraceParentOf(row)));
        return refunds;
    }

    /// <summary>Ends the waits that are longer than a lease, except those for an outcome that comes later.</summary>
    internal async Task MakeDueAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            UPDATE refunds SET lease_until = now()
            WHERE status = 'pending' AND processing_since IS NULL AND lease_until > now() AND lease_until > updated_at + $1
            """);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Lease });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string? TraceParentOf(NpgsqlDataReader row) => row.IsDBNull(14) ? null : row.GetString(14);

    private OpenRefund Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), row.GetDecimal(3), row.GetString(4), row.GetString(5), row.GetGuid(6), row.GetInt32(7))
    {
        IsInDoubt = row.GetBoolean(9) || doubt.IsExpired(row.GetFieldValue<DateTimeOffset>(8)),
        WasCalled = row.GetBoolean(12),
        ProcessingFor = row.IsDBNull(13) ? null : row.GetTimeSpan(13),
        OfPaidOrder = new(
            row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetDecimal(3), row.GetString(4), RefundSource.Request, row.GetDecimal(11))
        {
            Reason = row.IsDBNull(10) ? null : row.GetString(10),
        },
    };
}
