using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>The payments in the database that are due: their lease or their wait has elapsed.</summary>
internal sealed class DuePayments(NpgsqlDataSource database, Doubt doubt, IOptions<GatewayOptions> options)
{
    /// <summary>Whether the provider was called before, as the index of due payments has it.</summary>
    private const string WasCalled = "(CASE status WHEN 'refunding' THEN refund_attempts > 0 ELSE calls IS NOT NULL END)";

    /// <summary>A charge that was written recently is still driven by its message.</summary>
    private const string IsQuiet = "(status = 'refunding' OR updated_at < now() - interval '5 seconds')";

    internal const string Query =
        $"""
        WITH first AS (
            SELECT order_id FROM payments
            WHERE status IN ('charging', 'unknown', 'refunding') AND NOT {WasCalled} AND lease_until <= now() AND {IsQuiet}
            ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED),
        again AS (
            SELECT order_id FROM payments
            WHERE status IN ('charging', 'unknown', 'refunding') AND {WasCalled} AND lease_until <= now() AND {IsQuiet}
            ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED),
        processing AS (
            SELECT order_id FROM payments WHERE status = 'processing' AND lease_until <= now()
            ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED)
        UPDATE payments SET
            attempts = attempts + CASE WHEN status IN ('refunding', 'processing') THEN 0 ELSE 1 END,
            refund_attempts = refund_attempts + CASE status WHEN 'refunding' THEN 1 ELSE 0 END,
            first_attempt_at = CASE WHEN attempts = 0 AND status IN ('charging', 'unknown') THEN now() ELSE first_attempt_at END,
            lease_until = now() + $3, updated_at = now()
        WHERE order_id IN (
            SELECT order_id FROM first UNION ALL SELECT order_id FROM again UNION ALL SELECT order_id FROM processing LIMIT $1)
        RETURNING order_id, id, amount, currency, provider_key, attempts, first_attempt_at, traceparent, status, provider_reference,
            refund_key, refund_attempts, calls IS NOT NULL, in_doubt, cancelled_at IS NOT NULL, has_payment_method, payment_method,
            CASE status WHEN 'processing' THEN greatest(interval '0', now() - processing_since) END, refunded_total
        """;

    /// <summary>Takes the lease of due payments. Workers never get the same payment.</summary>
    /// <param name="limit">Payments at most.</param>
    /// <param name="retries">Of these, payments at most for which the provider was called before.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>Charges and refunds to resume, each with the W3C trace context of its order.</returns>
    internal async Task<(List<(Payment Payment, string? TraceParent)> Charges, List<(OpenRefund Refund, string? TraceParent)> Refunds)>
        LeaseAsync(int limit, int retries, CancellationToken cancellationToken)
    {
        var charges = new List<(Payment Payment, string? TraceParent)>();
        var refunds = new List<(OpenRefund Refund, string? TraceParent)>();
        await using var command = database.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = retries });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Lease });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            if (PaymentStatuses.Parse(row.GetString(8)) == PaymentStatus.Refunding)
                refunds.Add((ReadRefund(row), ReadTraceParent(row)));
            else
                charges.Add((ReadPayment(row), ReadTraceParent(row)));
        }

        return (charges, refunds);
    }

    /// <summary>
    /// Ends the waits that are longer than a lease; a shorter one may be the lease of a worker, and stays. Payments that the provider is
    /// processing wait for its outcome, not for its recovery.
    /// </summary>
    internal async Task MakeDueAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            UPDATE payments SET lease_until = now() -- the first condition is that of the index
            WHERE status IN ('charging', 'unknown', 'refunding') AND status <> 'charging'
                AND lease_until > now() AND lease_until > updated_at + $1
            """);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Lease });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string? ReadTraceParent(NpgsqlDataReader row) => row.IsDBNull(7) ? null : row.GetString(7);

    private OpenRefund ReadRefund(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), row.GetDecimal(2) - row.GetDecimal(18), row.GetString(3), row.GetString(9), row.GetGuid(10),
        row.GetInt32(11))
    {
        IsInDoubt = row.GetBoolean(13) || doubt.IsExpired(row.GetFieldValue<DateTimeOffset>(6)),
    };

    private static Payment ReadPayment(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), row.IsDBNull(2) ? null : row.GetDecimal(2), row.IsDBNull(3) ? null : row.GetString(3),
        row.GetGuid(4), row.GetInt32(5), row.GetFieldValue<DateTimeOffset>(6))
    {
        WasCalled = row.GetBoolean(12),
        IsInDoubt = row.GetBoolean(13),
        IsCancelled = row.GetBoolean(14),
        HasMethod = row.GetBoolean(15),
        Method = row.IsDBNull(16) ? null : row.GetString(16),
        ProcessingFor = row.IsDBNull(17) ? null : row.GetTimeSpan(17),
    };
}
