using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>A webhook to apply, with the payment of its order as it is now.</summary>
/// <param name="Event">What it claims.</param>
/// <param name="Attempts">Attempts to apply it, this one included.</param>
/// <param name="Age">Since it was received.</param>
/// <param name="Payment">Null when this database has no payment of the order.</param>
/// <param name="TraceParent">The trace of the order.</param>
internal sealed record DueWebhook(WebhookEvent Event, int Attempts, TimeSpan Age, KnownPayment? Payment, string? TraceParent)
{
    /// <summary>The refund that it is about; null when this database does not know it.</summary>
    internal KnownRefund? Refund { get; init; }

    /// <summary>The order, also of a webhook that names only its charge; null while that is not known here.</summary>
    internal Guid? OrderId => Payment?.OrderId ?? Event.OrderId;
}

/// <summary>A payment that a webhook is about.</summary>
/// <param name="Id">The payment.</param>
/// <param name="Status">Its status.</param>
/// <param name="Amount">The total of the order; null when only its cancellation is known here.</param>
/// <param name="Currency">ISO 4217 code; null with the amount.</param>
/// <param name="Reference">The charge at the provider, if it is known.</param>
/// <param name="WasCharged">Whether it has succeeded before, and then went on.</param>
internal sealed record KnownPayment(
    Guid Id, PaymentStatus Status, decimal? Amount, string? Currency, string? Reference, bool WasCharged)
{
    /// <summary>Its order.</summary>
    internal Guid OrderId { get; init; }

    /// <summary>What was refunded of it until now.</summary>
    internal decimal RefundedTotal { get; init; }
}

/// <summary>A refund that a webhook is about.</summary>
internal sealed record KnownRefund(
    Guid Id, Guid OrderId, RefundStatus Status, RefundSource Source, decimal Amount, string Currency, string? Reference, string? Reason);

/// <summary>The webhooks in the inbox that are due.</summary>
internal sealed class DueWebhooks(NpgsqlDataSource database)
{
    /// <summary>How long a worker has to apply a webhook before another one takes it up.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    internal const string Query =
        """
        WITH due AS (
            SELECT id FROM webhook_events WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED),
        taken AS (
            UPDATE webhook_events w SET attempts = w.attempts + 1, due_at = now() + $2 FROM due
            WHERE w.id = due.id AND w.id = ANY (ARRAY(SELECT id FROM due))
            RETURNING w.*)
        SELECT t.provider, t.event_id, t.type, t.claim, t.order_id, t.reference, t.amount, t.currency, t.reason, t.attempts,
            greatest(interval '0', now() - t.received_at), p.id, p.status, p.amount, p.currency, p.provider_reference, p.traceparent,
            EXISTS (SELECT FROM events e WHERE e.order_id = p.order_id AND e.type = 'payments.succeeded.v1'),
            t.charge, t.refund_id, p.order_id, p.refunded_total,
            r.id, r.order_id, r.status, r.source, r.amount, r.currency, r.provider_reference, r.reason
        FROM taken t
        LEFT JOIN LATERAL (
            SELECT * FROM payments WHERE order_id = t.order_id
            UNION ALL SELECT * FROM payments WHERE t.order_id IS NULL AND provider_reference = t.charge
            LIMIT 1) p ON true
        LEFT JOIN LATERAL (
            SELECT * FROM refunds WHERE id = t.refund_id
            UNION ALL SELECT * FROM refunds WHERE t.charge IS NOT NULL AND provider_reference = t.reference
            LIMIT 1) r ON true
        """;

    /// <summary>Takes due webhooks for a while. Workers never get the same one.</summary>
    internal async Task<List<DueWebhook>> TakeAsync(int limit, CancellationToken cancellationToken)
    {
        var due = new List<DueWebhook>();
        await using var command = database.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Lease });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            due.Add(Read(row));
        return due;
    }

    private static DueWebhook Read(NpgsqlDataReader row) => new(
        new(
            row.GetString(0), row.GetString(1), row.GetString(2), Enum.Parse<WebhookClaim>(row.GetString(3), ignoreCase: true),
            row.IsDBNull(4) ? null : row.GetGuid(4), Text(row, 5), Number(row, 6), Text(row, 7), Text(row, 8))
        {
            Charge = Text(row, 18),
            RefundId = row.IsDBNull(19) ? null : row.GetGuid(19),
        },
        row.GetInt32(9),
        row.GetTimeSpan(10),
        row.IsDBNull(11)
            ? null
            : new(
                row.GetGuid(11), PaymentStatuses.Parse(row.GetString(12)), Number(row, 13), Text(row, 14), Text(row, 15),
                row.GetBoolean(17))
            {
                OrderId = row.GetGuid(20),
                RefundedTotal = row.GetDecimal(21),
            },
        Text(row, 16))
    {
        Refund = row.IsDBNull(22)
            ? null
            : new(
                row.GetGuid(22), row.GetGuid(23), RefundNames.ParseStatus(row.GetString(24)), RefundNames.ParseSource(row.GetString(25)),
                row.GetDecimal(26), row.GetString(27), Text(row, 28), Text(row, 29)),
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static decimal? Number(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDecimal(column);
}
