using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A cancelled order, and the event that told of it.</summary>
/// <param name="Received">The event.</param>
/// <param name="PaymentId">A new payment's id.</param>
/// <param name="TraceParent">The trace that is current.</param>
/// <param name="IsInDoubt">What this database says of the payment may be older than what the provider knows.</param>
internal sealed record CancelledOrder(ReceivedEnvelope Received, Guid PaymentId, string? TraceParent, bool IsInDoubt);

/// <summary>
/// Whatever the payment has come to when the cancellation arrives. None yet: the row holds its place, so that the order is never charged, and the
/// provider is looked up, because an order comes before its cancellation and the row may have been lost. Nothing sent so far: it ends. Charged:
/// the refund begins. On its way: its outcome sees the mark. Answers the status that the payment has now.
/// </summary>
internal sealed class RequestRefund() : GroupWrite<CancelledOrder, string>(
    "request-refund",
    """
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::int[], $8::uuid[], $9::boolean[])
            AS i (order_id, received_id, id, refund_key, traceparent, stream_seq, delivery, provider_key, in_doubt)),
    received AS (
        INSERT INTO inbox (event_id, stream_seq, delivery) SELECT received_id, stream_seq, delivery FROM input ON CONFLICT DO NOTHING),
    changed AS (
        INSERT INTO payments AS p (order_id, id, status, attempts, lease_until, cancelled_at, provider_key, refund_key, traceparent, in_doubt)
        SELECT order_id, id, 'unknown', 0, now(), now(), provider_key, refund_key, traceparent, true FROM input
        ON CONFLICT (order_id) DO UPDATE SET
            cancelled_at = coalesce(p.cancelled_at, now()),
            refund_key = coalesce(p.refund_key, excluded.refund_key),
            status = CASE WHEN p.status = 'succeeded' THEN 'refunding'
                WHEN p.status = 'charging' AND p.attempts = 0 AND NOT (SELECT in_doubt FROM input i WHERE i.order_id = p.order_id) THEN 'cancelled' ELSE p.status END,
            in_doubt = p.in_doubt OR (p.status IN ('charging', 'unknown') AND p.attempts = 0 AND (SELECT in_doubt FROM input i WHERE i.order_id = p.order_id)),
            lease_until = CASE WHEN p.status = 'succeeded' OR (p.status = 'charging' AND p.attempts = 0) THEN now() ELSE p.lease_until END,
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
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => ProviderKey.OfRefund(row.Received.OrderId));
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.TraceParent);
        parameters.AddArray(NpgsqlDbType.Bigint, rows, row => (long)row.Received.StreamSequence);
        parameters.AddArray(NpgsqlDbType.Integer, rows, row => row.Received.Delivery);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => ProviderKey.OfCharge(row.Received.OrderId));
        parameters.AddArray(NpgsqlDbType.Boolean, rows, row => row.IsInDoubt);
    }

    protected override string Read(NpgsqlDataReader reader, CancelledOrder row) => reader.GetString(1);
}
