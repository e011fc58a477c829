using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;
using OrderSystem.Messaging.Outbox;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>The end of a refund, with its event for the total that the refund knows.</summary>
internal sealed record EndedRefund(
    EndingRefund Refund, RefundStatus Status, string? Reference, string? Failure, StoredEvent Stored);

/// <summary>Whether the end of a refund was written.</summary>
/// <param name="Version">The version of its event; 0 when it was not.</param>
/// <param name="IsCurrent">Whether the total was still that of the event.</param>
/// <param name="RefundedTotal">The total as it was; null without a payment.</param>
internal readonly record struct RecordedRefund(int Version, bool IsCurrent, decimal? RefundedTotal);

/// <summary>
/// Stores the end of a refund, the new total of the payment, the event and the inbox row in one statement. A refund that has ended stays as
/// it is; one that is not known is inserted: it was made at the provider. If the total has changed, nothing is stored.
/// </summary>
internal static class RecordRefund
{
    internal static readonly BatchedWrite<EndedRefund, RecordedRefund> Write = new(
        "record-refund",
        key: ("order_id", row => row.Refund.OrderId),
        input: columns => columns
            .Event(row => row.Stored)
            .Received(row => row.Refund.Received)
            .Add("refund_id", NpgsqlDbType.Uuid, row => row.Refund.RefundId)
            .Add("amount", NpgsqlDbType.Numeric, row => row.Refund.Amount)
            .Add("currency", NpgsqlDbType.Text, row => row.Refund.Currency)
            .Add("reason", NpgsqlDbType.Text, row => row.Refund.Reason)
            .Add("source", NpgsqlDbType.Text, row => row.Refund.Source.ToName())
            .Add("status", NpgsqlDbType.Text, row => row.Status.ToName())
            .Add("reference", NpgsqlDbType.Text, row => row.Reference)
            .Add("failure", NpgsqlDbType.Text, row => row.Failure)
            .Add("calls", NpgsqlDbType.Text, row => ProviderCall.ToJson(row.Refund.Calls))
            .Add("total", NpgsqlDbType.Numeric, row => row.Refund.RefundedTotal),
        $"""
        WITH given AS ({BatchedWrite.Rows}),
        current AS (
            SELECT p.order_id FROM payments p JOIN given g ON g.order_id = p.order_id
            WHERE p.order_id = ANY ({BatchedWrite.Keys}) AND p.refunded_total = g.total
            FOR UPDATE OF p),
        input AS (SELECT g.* FROM given g JOIN current c ON c.order_id = g.order_id),
        {InboxSql.Insert},
        ended AS (
            UPDATE refunds p SET
                status = i.status, provider_reference = coalesce(i.reference, p.provider_reference), failure = i.failure,
                {ProviderCall.Append}, lease_until = now(), updated_at = now()
            FROM input i
            WHERE p.order_id = i.order_id AND p.order_id = ANY ({BatchedWrite.Keys}) AND p.id = i.refund_id
                AND p.status IN ('pending', 'review')
            RETURNING p.order_id),
        inserted AS (
            INSERT INTO refunds (
                id, order_id, amount, currency, reason, source, status, provider_reference, failure, calls, traceparent)
            SELECT refund_id, order_id, amount, currency, reason, source, status, reference, failure, calls::jsonb, traceparent FROM input
            ON CONFLICT DO NOTHING
            RETURNING order_id),
        counted AS (
            UPDATE payments p SET
                events = p.events + 1, refunded_total = i.total + CASE i.status WHEN 'succeeded' THEN i.amount ELSE 0 END
            FROM input i
            WHERE p.order_id = i.order_id AND p.order_id = ANY ({BatchedWrite.Keys})
                AND (i.order_id IN (SELECT order_id FROM ended) OR i.order_id IN (SELECT order_id FROM inserted))
            RETURNING p.order_id AS id, p.events),
        stored AS (
            SELECT i.order_id, c.events AS version, i.event_id, i.type, i.payload, i.traceparent, i.tracestate, i.occurred_at
            FROM input i JOIN counted c ON c.id = i.order_id),
        {OutboxSql.Store}
        SELECT g.order_id, coalesce(c.events, 0), u.order_id IS NOT NULL, p.refunded_total
        FROM given g
        LEFT JOIN counted c ON c.id = g.order_id
        LEFT JOIN current u ON u.order_id = g.order_id
        LEFT JOIN (SELECT order_id, refunded_total FROM payments WHERE order_id = ANY ({BatchedWrite.Keys})) p ON p.order_id = g.order_id
        """,
        read: (reader, _) => new(reader.GetInt32(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetDecimal(3)),
        stored: (row, recorded) => recorded.Version > 0 ? row.Stored with { Version = recorded.Version } : null);

    /// <summary>The end of a refund in the current trace: it has succeeded with a reference, or failed.</summary>
    internal static EndedRefund Of(EndingRefund refund, string? reference, string? failure, DateTimeOffset now) => failure is null
        ? new(
            refund, RefundStatus.Succeeded, reference, null, StoredEvent.CreateUnnumbered(
                new ChargeRefunded(
                    refund.OrderId, refund.PaymentId, refund.RefundId, refund.Amount, refund.RefundedTotal + refund.Amount,
                    refund.Currency, reference!, refund.Source, refund.Reason),
                now))
        : new(
            refund, RefundStatus.Failed, reference, failure, StoredEvent.CreateUnnumbered(
                new RefundFailed(refund.OrderId, refund.PaymentId, refund.RefundId, refund.Amount, refund.Currency, failure), now));
}
