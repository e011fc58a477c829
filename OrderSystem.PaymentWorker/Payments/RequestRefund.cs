using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A cancelled order.</summary>
/// <param name="Received">The event.</param>
/// <param name="PaymentId">Id of a new payment.</param>
/// <param name="TraceParent">The current W3C trace context.</param>
/// <param name="IsInDoubt">Whether the provider may know more than this database.</param>
internal sealed record CancelledOrder(ReceivedEnvelope Received, Guid PaymentId, string? TraceParent, bool IsInDoubt);

/// <summary>
/// Marks the payment of a cancelled order, whatever its state. None yet: a row is inserted, so that the order is never charged; the
/// provider is looked up, because an order precedes its cancellation and its row may have been lost in a restore. Nothing sent yet: it is
/// cancelled. Charged: the refund begins. In flight: its outcome sees the mark. The result is the new status.
/// </summary>
internal static class RequestRefund
{
    internal static readonly BatchedWrite<CancelledOrder, PaymentStatus> Write = new(
        "request-refund",
        key: ("order_id", row => row.Received.OrderId),
        input: columns => columns
            .Received(row => row.Received)
            .Add("id", NpgsqlDbType.Uuid, row => row.PaymentId)
            .Add("provider_key", NpgsqlDbType.Uuid, row => ProviderKey.OfCharge(row.Received.OrderId))
            .Add("refund_key", NpgsqlDbType.Uuid, row => ProviderKey.OfRefund(row.Received.OrderId))
            .Add("traceparent", NpgsqlDbType.Text, row => row.TraceParent)
            .Add("in_doubt", NpgsqlDbType.Boolean, row => row.IsInDoubt),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        {InboxSql.Insert},
        changed AS (
            INSERT INTO payments AS p (
                order_id, id, status, attempts, lease_until, cancelled_at, provider_key, refund_key, traceparent, in_doubt)
            SELECT order_id, id, 'unknown', 0, now(), now(), provider_key, refund_key, traceparent, true FROM input
            ON CONFLICT (order_id) DO UPDATE SET
                cancelled_at = coalesce(p.cancelled_at, now()), payment_method = NULL,
                refund_key = coalesce(p.refund_key, excluded.refund_key),
                status = CASE WHEN p.status = 'succeeded' THEN 'refunding'
                    WHEN p.status = 'charging' AND p.attempts = 0 AND NOT (SELECT in_doubt FROM input i WHERE i.order_id = p.order_id)
                        THEN 'cancelled'
                    ELSE p.status END,
                in_doubt = p.in_doubt
                    OR (p.status IN ('charging', 'unknown') AND p.attempts = 0
                        AND (SELECT in_doubt FROM input i WHERE i.order_id = p.order_id)),
                lease_until = CASE WHEN p.status = 'succeeded' OR (p.status = 'charging' AND p.attempts = 0)
                    THEN now() ELSE p.lease_until END,
                updated_at = now()
            RETURNING p.order_id, p.status)
        SELECT order_id, status FROM changed
        """,
        read: (reader, _) => PaymentStatuses.Parse(reader.GetString(1)));
}
