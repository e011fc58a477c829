using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Payments;

/// <summary>The outcome of a refund of a paid order.</summary>
/// <param name="Received">The event that reports it.</param>
/// <param name="RefundId">The refund, which is not known yet if it was made at the provider.</param>
/// <param name="Amount">The amount.</param>
/// <param name="Status">Succeeded or failed.</param>
/// <param name="Source">Who asked for it.</param>
/// <param name="Reason">Why it was made, or why it failed.</param>
/// <param name="ProviderReference">The refund or the dispute at the provider.</param>
internal sealed record RefundResult(
    ReceivedEnvelope Received, Guid RefundId, Money Amount, RefundStatus Status, RefundSource Source, string? Reason,
    string? ProviderReference);

/// <summary>The effect of an event.</summary>
/// <param name="OrderExists">False: no order of this id and currency was placed here.</param>
/// <param name="IsNew">False: a duplicate without effect.</param>
/// <param name="IsChanged">Whether the refund has changed or was added.</param>
internal readonly record struct AppliedRefund(bool OrderExists, bool IsNew, bool IsChanged);

/// <summary>
/// Idempotent receiver: inserts the inbox row, and changes or adds the refund and the sums of its order, in one statement. A refund that
/// succeeded never changes; one that failed may still succeed, because the provider has the last word. The sums change by what becomes of
/// the one refund, and never to the total that the event names: so they are the same in any order of delivery. Refunds and a chargeback
/// may exceed the order's total, because a bank does not ask. The locked row of the refund tells what it was before.
/// </summary>
internal static class ApplyRefundResult
{
    internal static readonly BatchedWrite<RefundResult, AppliedRefund> Write = new(
        "apply-refund-result",
        key: ("order_id", row => row.Received.OrderId),
        input: columns => columns
            .Received(row => row.Received)
            .Add("refund_id", NpgsqlDbType.Uuid, row => row.RefundId)
            .Add("amount", NpgsqlDbType.Numeric, row => row.Amount.Amount)
            .Add("currency", NpgsqlDbType.Text, row => row.Amount.Currency)
            .Add("status", NpgsqlDbType.Text, row => row.Status.ToName())
            .Add("source", NpgsqlDbType.Text, row => row.Source.ToName())
            .Add("reason", NpgsqlDbType.Text, row => row.Status == RefundStatus.Failed ? null : row.Reason)
            .Add("failure", NpgsqlDbType.Text, row => row.Status == RefundStatus.Failed ? row.Reason : null)
            .Add("provider_reference", NpgsqlDbType.Text, row => row.ProviderReference),
        $"""
        WITH result AS ({BatchedWrite.Rows}),
        input AS (
            SELECT r.* FROM result r JOIN (SELECT id, currency FROM orders WHERE id = ANY ({BatchedWrite.Keys})) o
                ON o.id = r.order_id AND o.currency = r.currency),
        {InboxSql.Insert},
        news AS (SELECT i.* FROM input i JOIN received ON event_id = received_id),
        known AS (
            SELECT f.id, f.status, f.amount FROM refunds f JOIN news n ON n.refund_id = f.id AND n.order_id = f.order_id
            WHERE f.order_id = ANY ({BatchedWrite.Keys})
            FOR UPDATE OF f),
        changed AS (
            UPDATE refunds f SET status = n.status, failure = n.failure, updated_at = now(),
                amount = CASE n.status WHEN 'succeeded' THEN n.amount ELSE f.amount END,
                provider_reference = coalesce(n.provider_reference, f.provider_reference)
            FROM news n JOIN known k ON k.id = n.refund_id
            WHERE f.id = k.id AND f.order_id = ANY ({BatchedWrite.Keys}) AND k.status NOT IN ('succeeded', n.status)
            RETURNING f.order_id, f.status, f.amount, CASE k.status WHEN 'pending' THEN k.amount ELSE 0 END AS was_pending),
        added AS (
            INSERT INTO refunds (
                id, order_id, amount, currency, reason, source, status, provider_reference, failure, created_at, updated_at)
            SELECT refund_id, order_id, amount, currency, reason, source, status, provider_reference, failure, now(), now()
            FROM news WHERE refund_id NOT IN (SELECT id FROM known)
            RETURNING order_id, status, amount, 0 AS was_pending),
        effects AS (SELECT * FROM changed UNION ALL SELECT * FROM added),
        summed AS (
            UPDATE orders o SET
                refunded_total = o.refunded_total + CASE e.status WHEN 'succeeded' THEN e.amount ELSE 0 END,
                refund_pending = o.refund_pending - e.was_pending
            FROM effects e WHERE o.id = e.order_id AND o.id = ANY ({BatchedWrite.Keys}))
        SELECT r.order_id, r.order_id IN (SELECT order_id FROM input), r.received_id IN (SELECT event_id FROM received),
            r.order_id IN (SELECT order_id FROM effects)
        FROM result r
        """,
        read: (reader, _) => new(reader.GetBoolean(1), reader.GetBoolean(2), reader.GetBoolean(3)));
}
