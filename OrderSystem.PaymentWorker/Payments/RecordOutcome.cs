using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;
using OrderSystem.Messaging.Outbox;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>The outcome of a payment and its event.</summary>
internal sealed record Outcome
{
    /// <summary>An outcome that ends a payment of one of these statuses, and leaves one of any other as it is.</summary>
    /// <exception cref="ArgumentException">The outcome may not follow one of them.</exception>
    internal Outcome(IReadOnlyList<PaymentStatus> from, PaymentStatus outcome, StoredEvent stored)
    {
        foreach (var status in from.Where(status => !status.MayBecome(outcome)))
            throw new ArgumentException($"A payment that is {status.ToName()} cannot become {outcome.ToName()}.", nameof(from));
        (From, Status, Stored) = (from, outcome, stored);
    }

    internal IReadOnlyList<PaymentStatus> From { get; }

    internal PaymentStatus Status { get; }

    /// <summary>The event; the statement numbers it.</summary>
    internal StoredEvent Stored { get; }

    /// <summary>The charge or the refund at the provider.</summary>
    internal string? Reference { get; init; }

    internal string? Reason { get; init; }

    /// <summary>The calls to the provider that led to it.</summary>
    internal IReadOnlyList<ProviderCall> Calls { get; init; } = [];

    /// <summary>The message whose effect it is, if any.</summary>
    internal ReceivedEnvelope? Received { get; init; }

    /// <summary>The charged amount, for a payment whose row has none.</summary>
    internal decimal? Amount { get; init; }

    internal string? Currency { get; init; }
}

/// <summary>
/// Stores the outcome, its event and the inbox row in one statement. A payment that has left the expected statuses stays as it is,
/// and no second event is stored. A charge that succeeds although the order is cancelled becomes refunding. No charge follows an
/// outcome, also not one that needs review: the payment method is deleted. The result is the
/// version of the event, or 0.
/// </summary>
internal static class RecordOutcome
{
    internal static readonly BatchedWrite<Outcome, int> Write = new(
        "record-outcome",
        key: ("order_id", row => row.Stored.OrderId),
        input: columns => columns
            .Event(row => row.Stored)
            .Received(row => row.Received)
            .Add("from_statuses", NpgsqlDbType.Text, row => string.Join(',', row.From.Select(status => status.ToName())))
            .Add("status", NpgsqlDbType.Text, row => row.Status.ToName())
            .Add("reference", NpgsqlDbType.Text, row => row.Reference)
            .Add("reason", NpgsqlDbType.Text, row => row.Reason)
            .Add("calls", NpgsqlDbType.Text, row => ProviderCall.ToJson(row.Calls))
            .Add("refund_key", NpgsqlDbType.Uuid, row => ProviderKey.OfRefund(row.Stored.OrderId))
            .Add("amount", NpgsqlDbType.Numeric, row => row.Amount)
            .Add("currency", NpgsqlDbType.Text, row => row.Currency),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        {InboxSql.Insert},
        changed AS (
            UPDATE payments p SET
                status = CASE WHEN i.status = 'succeeded' AND p.cancelled_at IS NOT NULL THEN 'refunding' ELSE i.status END,
                refund_key = CASE WHEN i.status = 'succeeded' AND p.cancelled_at IS NOT NULL
                    THEN coalesce(p.refund_key, i.refund_key) ELSE p.refund_key END,
                provider_reference = CASE WHEN i.status = 'refunded'
                    THEN p.provider_reference ELSE coalesce(i.reference, p.provider_reference) END,
                refund_reference = CASE WHEN i.status = 'refunded' THEN i.reference ELSE p.refund_reference END,
                amount = coalesce(p.amount, i.amount), currency = coalesce(p.currency, i.currency),
                reason = i.reason, events = p.events + 1, {ProviderCall.Append}, payment_method = NULL,
                lease_until = now(), updated_at = now()
            FROM input i
            WHERE p.order_id = i.order_id AND p.order_id = ANY ({BatchedWrite.Keys})
                AND p.status = ANY (string_to_array(i.from_statuses, ','))
            RETURNING p.order_id AS id, p.events),
        stored AS (
            SELECT i.order_id, c.events AS version, i.event_id, i.type, i.payload, i.traceparent, i.tracestate, i.occurred_at
            FROM input i JOIN changed c ON c.id = i.order_id),
        {OutboxSql.Store}
        SELECT i.order_id, coalesce(c.events, 0) FROM input i LEFT JOIN changed c ON c.id = i.order_id
        """,
        read: (reader, _) => reader.GetInt32(1),
        stored: (row, version) => version > 0 ? row.Stored with { Version = version } : null);
}
