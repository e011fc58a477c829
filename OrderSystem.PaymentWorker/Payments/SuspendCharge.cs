using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A payment that has no outcome yet.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">Why it has none.</param>
/// <param name="Wait">Until it is looked at again.</param>
/// <param name="Calls">What was asked of the provider. When nothing was, the attempt does not count: waiting alone must not bring a payment to review.</param>
/// <param name="TakenOver">The event that it takes over from, if no message drives it any more.</param>
internal sealed record SuspendedPayment(Guid OrderId, string Reason, TimeSpan Wait, IReadOnlyList<ProviderCall> Calls, ReceivedEnvelope? TakenOver = null);

/// <summary>Gives the lease back. A charge without an answer is unknown, never failed; a refund goes on being a refund.</summary>
internal sealed class SuspendCharge() : GroupWrite<SuspendedPayment, bool>(
    "suspend-charge",
    $"""
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::interval[], $4::uuid[], $5::bigint[], $6::int[], $7::text[]) AS i (order_id, reason, wait, received_id, stream_seq, delivery, calls)),
    received AS (
        INSERT INTO inbox (event_id, stream_seq, delivery) SELECT received_id, stream_seq, delivery FROM input WHERE received_id IS NOT NULL ON CONFLICT DO NOTHING),
    changed AS (
        UPDATE payments p SET
            status = CASE p.status WHEN 'charging' THEN 'unknown' ELSE p.status END,
            attempts = p.attempts - CASE WHEN i.calls IS NULL AND p.status <> 'refunding' THEN 1 ELSE 0 END,
            refund_attempts = p.refund_attempts - CASE WHEN i.calls IS NULL AND p.status = 'refunding' THEN 1 ELSE 0 END,
            {ProviderCall.Append}, reason = i.reason, lease_until = now() + i.wait, updated_at = now()
        FROM input i WHERE p.order_id = i.order_id AND p.order_id = ANY ($1) AND p.status IN ('charging', 'unknown', 'refunding')
        RETURNING p.order_id)
    SELECT i.order_id, c.order_id IS NOT NULL FROM input i LEFT JOIN changed c ON c.order_id = i.order_id
    """)
{
    internal static readonly SuspendCharge Instance = new();

    protected override Guid KeyOf(SuspendedPayment row) => row.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<SuspendedPayment> rows)
    {
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.OrderId);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Reason);
        parameters.AddArray(NpgsqlDbType.Interval, rows, row => row.Wait);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.TakenOver?.EventId);
        parameters.AddArray(NpgsqlDbType.Bigint, rows, row => (long?)row.TakenOver?.StreamSequence);
        parameters.AddArray(NpgsqlDbType.Integer, rows, row => row.TakenOver?.Delivery);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => ProviderCall.ToJson(row.Calls));
    }

    protected override bool Read(NpgsqlDataReader reader, SuspendedPayment row) => reader.GetBoolean(1);
}
