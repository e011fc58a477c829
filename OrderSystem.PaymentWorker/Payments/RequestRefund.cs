using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A cancelled order, and the event that told of it.</summary>
internal sealed record CancelledOrder(ReceivedEnvelope Received, Guid PaymentId, Guid RefundKey, string? TraceParent);

/// <summary>
/// Whatever the payment has come to when the cancellation arrives: none yet, then the row holds its place and the order is never charged;
/// charged, then the refund begins; on its way, then its outcome sees the mark. Answers the status that the payment has now.
/// </summary>
internal sealed class RequestRefund() : GroupWrite<CancelledOrder, string>(
    "request-refund",
    """
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::int[]) AS i (order_id, received_id, id, refund_key, traceparent, stream_seq, delivery)),
    received AS (
        INSERT INTO inbox (event_id, stream_seq, delivery) SELECT received_id, stream_seq, delivery FROM input ON CONFLICT DO NOTHING),
    changed AS (
        INSERT INTO payments AS p (order_id, id, status, attempts, lease_until, cancelled_at, refund_key, traceparent)
        SELECT order_id, id, 'cancelled', 0, now(), now(), refund_key, traceparent FROM input
        ON CONFLICT (order_id) DO UPDATE SET
            cancelled_at = coalesce(p.cancelled_at, now()),
            refund_key = coalesce(p.refund_key, excluded.refund_key),
            status = CASE p.status WHEN 'succeeded' THEN 'refunding' ELSE p.status END,
            lease_until = CASE p.status WHEN 'succeeded' THEN now() ELSE p.lease_until END,
            updated_at = now()
        RETURNING p.order_id, p.status)
    SELECT order_id, status FROM changed
    """)
{
    internal static readonly RequestRefund Instance = new();

    protected override Guid KeyOf(CancelledOrder row) => row.Received.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<CancelledOrder> rows)
    {
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.Received.OrderId);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.Received.EventId);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.PaymentId);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.RefundKey);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.TraceParent);
        parameters.AddArray(NpgsqlDbType.Bigint, rows, row => (long)row.Received.StreamSequence);
        parameters.AddArray(NpgsqlDbType.Integer, rows, row => row.Received.Delivery);
    }

    protected override string Read(NpgsqlDataReader reader, CancelledOrder row) => reader.GetString(1);
}
