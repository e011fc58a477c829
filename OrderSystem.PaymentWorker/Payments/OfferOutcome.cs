using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Whoever sends the order again has not heard of its outcome: the events of a finished payment are queued once more. Not more often than
/// every half minute, whatever the number of duplicates.
/// </summary>
internal sealed class OfferOutcome() : GroupWrite<ReceivedEnvelope, bool>(
    "offer-outcome",
    $"""
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[]) AS i (order_id, received_id, stream_seq, delivery)),
    received AS (
        INSERT INTO inbox (event_id, stream_seq, delivery) SELECT received_id, stream_seq, delivery FROM input ON CONFLICT DO NOTHING),
    offered AS (
        UPDATE payments p SET offered_at = now() FROM input i
        WHERE p.order_id = i.order_id AND p.order_id = ANY ($1) AND coalesce(p.offered_at, p.updated_at) < now() - interval '30 seconds'
        RETURNING p.order_id),
    {OutboxSql.OfferAgain}
    SELECT i.order_id, o.order_id IS NOT NULL FROM input i LEFT JOIN offered o ON o.order_id = i.order_id
    """)
{
    internal static readonly OfferOutcome Instance = new();

    protected override Guid KeyOf(ReceivedEnvelope row) => row.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<ReceivedEnvelope> rows)
    {
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.OrderId);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.EventId);
        parameters.AddArray(NpgsqlDbType.Bigint, rows, row => (long)row.StreamSequence);
        parameters.AddArray(NpgsqlDbType.Integer, rows, row => row.Delivery);
    }

    protected override bool Read(NpgsqlDataReader reader, ReceivedEnvelope row) => reader.GetBoolean(1);
}
