using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Payments;

/// <summary>The outcome of an order's payment, and the event that told of it.</summary>
/// <param name="Received">The event.</param>
/// <param name="Status">What an order becomes that is pending or in review.</param>
/// <param name="Reason">Why, where there is a reason.</param>
/// <param name="Refund">What it means for the money of an order that is cancelled.</param>
internal sealed record PaymentResult(ReceivedEnvelope Received, OrderStatus Status, string? Reason, RefundState? Refund = null);

/// <summary>What an event came to.</summary>
/// <param name="OrderExists">False: it is about an order that was never placed.</param>
/// <param name="IsNew">False: it had been here before and has no effect.</param>
/// <param name="Duration">The age at which the order got its status, when it changed.</param>
internal readonly record struct AppliedResult(bool OrderExists, bool IsNew, TimeSpan? Duration);

/// <summary>
/// The inbox row and the status, in one statement: an event that was here before finds its inbox row and changes nothing, and a status
/// that is final never changes. A review ends in what the provider, or a person, says after all. Of a cancelled order the event tells the refund.
/// </summary>
internal sealed class ApplyPaymentResult() : GroupWrite<PaymentResult, AppliedResult>(
    "apply-payment-result",
    """
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::text[])
            AS i (order_id, event_id, status, reason, stream_seq, delivery, refund)),
    known AS (
        SELECT i.*, o.id IS NOT NULL AS exists FROM input i LEFT JOIN (SELECT id FROM orders WHERE id = ANY ($1)) o ON o.id = i.order_id),
    received AS (
        INSERT INTO inbox (event_id, stream_seq, delivery) SELECT event_id, stream_seq, delivery FROM known WHERE exists ON CONFLICT DO NOTHING RETURNING event_id),
    changed AS (
        UPDATE orders o SET status = i.status, reason = i.reason, updated_at = now(),
            refund = CASE i.status WHEN 'cancelled' THEN i.refund ELSE o.refund END, refund_since = CASE i.status WHEN 'cancelled' THEN now() ELSE o.refund_since END
        FROM input i JOIN received USING (event_id)
        WHERE o.id = i.order_id AND o.id = ANY ($1) AND (o.status = 'pending' OR (o.status = 'manualReview' AND i.status <> 'manualReview'))
        RETURNING o.id, now() - o.created_at AS age),
    refunds AS (
        UPDATE orders o SET refund = i.refund, refund_since = CASE WHEN i.refund IS NOT NULL THEN now() END
        FROM input i JOIN received USING (event_id)
        WHERE o.id = i.order_id AND o.id = ANY ($1) AND o.status = 'cancelled' AND o.refund IS DISTINCT FROM i.refund AND o.refund IS DISTINCT FROM 'refunded')
    SELECT order_id, exists, event_id IN (SELECT event_id FROM received), c.age FROM known LEFT JOIN changed c ON c.id = order_id
    """)
{
    internal static readonly ApplyPaymentResult Instance = new();

    protected override Guid KeyOf(PaymentResult row) => row.Received.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<PaymentResult> rows)
    {
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.Received.OrderId);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.Received.EventId);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Status.ToName());
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Reason);
        parameters.AddArray(NpgsqlDbType.Bigint, rows, row => (long)row.Received.StreamSequence);
        parameters.AddArray(NpgsqlDbType.Integer, rows, row => row.Received.Delivery);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Refund?.ToName());
    }

    protected override AppliedResult Read(NpgsqlDataReader reader, PaymentResult row) =>
        new(reader.GetBoolean(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetTimeSpan(3));
}
