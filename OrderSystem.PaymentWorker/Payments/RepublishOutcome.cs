using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;
using OrderSystem.Messaging.Outbox;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// A redelivered order means that its outcome was lost: republishes the events of the finished payment, at most every 30 s.
/// </summary>
internal static class RepublishOutcome
{
    internal static readonly BatchedWrite<ReceivedEnvelope, bool> Write = new(
        "republish-outcome",
        key: ("order_id", row => row.OrderId),
        input: columns => columns.Received(row => row),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        {InboxSql.Insert},
        republished AS (
            UPDATE payments p SET offered_at = now() FROM input i
            WHERE p.order_id = i.order_id AND p.order_id = ANY ({BatchedWrite.Keys})
                AND coalesce(p.offered_at, p.updated_at) < now() - interval '30 seconds'
            RETURNING p.order_id),
        {OutboxSql.Republish}
        SELECT i.order_id, r.order_id IS NOT NULL FROM input i LEFT JOIN republished r ON r.order_id = i.order_id
        """,
        read: (reader, _) => reader.GetBoolean(1));
}
