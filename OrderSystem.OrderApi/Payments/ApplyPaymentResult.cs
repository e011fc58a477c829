using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Payments;

/// <summary>The outcome of an order's payment.</summary>
/// <param name="Received">The event that reports it.</param>
/// <param name="Status">The new status of an order that is pending or in review.</param>
/// <param name="Reason">Reason, if any.</param>
/// <param name="Refund">The new refund state of a cancelled order.</param>
internal sealed record PaymentResult(ReceivedEnvelope Received, OrderStatus Status, string? Reason, RefundState? Refund = null);

/// <summary>The effect of an event.</summary>
/// <param name="OrderExists">False: the order was never placed here.</param>
/// <param name="IsNew">False: a duplicate without effect.</param>
/// <param name="Duration">Age of the order when its status changed; null when it did not.</param>
internal readonly record struct AppliedResult(bool OrderExists, bool IsNew, TimeSpan? Duration);

/// <summary>
/// Idempotent receiver: inserts the inbox row and changes the status in one statement; a duplicate changes nothing, and a
/// final status never changes. A review ends with the outcome that the provider or an operator gives. For a cancelled order
/// the event sets the refund state. No charge follows a result, also not one that needs review: the payment method is deleted.
/// </summary>
internal static class ApplyPaymentResult
{
    internal static readonly BatchedWrite<PaymentResult, AppliedResult> Write = new(
        "apply-payment-result",
        key: ("order_id", row => row.Received.OrderId),
        input: columns => columns
            .Received(row => row.Received)
            .Add("status", NpgsqlDbType.Text, row => row.Status.ToName())
            .Add("reason", NpgsqlDbType.Text, row => row.Reason)
            .Add("refund", NpgsqlDbType.Text, row => row.Refund?.ToName()),
        $"""
        WITH result AS ({BatchedWrite.Rows}),
        input AS (
            SELECT r.* FROM result r JOIN (SELECT id FROM orders WHERE id = ANY ({BatchedWrite.Keys})) o ON o.id = r.order_id),
        {InboxSql.Insert},
        changed AS (
            UPDATE orders o SET status = i.status, reason = i.reason, updated_at = now(),
                refund = CASE i.status WHEN 'cancelled' THEN i.refund ELSE o.refund END,
                refund_since = CASE i.status WHEN 'cancelled' THEN now() ELSE o.refund_since END
            FROM input i JOIN received ON event_id = received_id
            WHERE o.id = i.order_id AND o.id = ANY ({BatchedWrite.Keys})
                AND (o.status = 'pending' OR (o.status = 'manualReview' AND i.status <> 'manualReview'))
            RETURNING o.id, now() - o.created_at AS age),
        forgotten AS ({PaymentMethod.Forget}),
        refunds AS (
            UPDATE orders o SET refund = i.refund, refund_since = CASE WHEN i.refund IS NOT NULL THEN now() END
            FROM input i JOIN received ON event_id = received_id
            WHERE o.id = i.order_id AND o.id = ANY ({BatchedWrite.Keys}) AND o.status = 'cancelled'
              AND o.refund IS DISTINCT FROM i.refund AND o.refund IS DISTINCT FROM 'refunded')
        SELECT r.order_id, r.order_id IN (SELECT order_id FROM input), r.received_id IN (SELECT event_id FROM received), c.age
        FROM result r LEFT JOIN changed c ON c.id = r.order_id
        """,
        read: (reader, _) => new(reader.GetBoolean(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetTimeSpan(3)));
}
