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
/// <param name="Calls">What was asked of the provider.</param>
/// <param name="Counts">Whether the attempt may have had an effect. One that certainly had none does not count: waiting alone must not bring a payment to review.</param>
/// <param name="TakenOver">The event that it takes over from, if no message drives it any more.</param>
internal sealed record SuspendedPayment(Guid OrderId, string Reason, TimeSpan Wait, IReadOnlyList<ProviderCall> Calls, bool Counts, ReceivedEnvelope? TakenOver = null)
{
    /// <summary>The order is cancelled, and the provider has no charge of it. Once it says so again after the wait, nothing can be on its way any more.</summary>
    internal bool HasNoCharge { get; init; }

    /// <summary>A look-up has ended the doubt about an earlier life of the payment.</summary>
    internal bool EndsDoubt { get; init; }
}

/// <summary>
/// Gives the lease back. A charge that may have been made is unknown, never failed; a refund goes on being a refund. A cancelled payment of which
/// certainly nothing was sent has ended.
/// </summary>
internal sealed class SuspendCharge() : GroupWrite<SuspendedPayment, bool>(
    "suspend-charge",
    $"""
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::interval[], $4::uuid[], $5::bigint[], $6::int[], $7::text[], $8::boolean[], $9::boolean[], $10::boolean[])
            AS i (order_id, reason, wait, received_id, stream_seq, delivery, calls, counts, has_none, ends_doubt)),
    received AS (
        INSERT INTO inbox (event_id, stream_seq, delivery) SELECT received_id, stream_seq, delivery FROM input WHERE received_id IS NOT NULL ON CONFLICT DO NOTHING),
    changed AS (
        UPDATE payments p SET
            status = CASE
                WHEN p.status = 'refunding' THEN p.status
                WHEN p.cancelled_at IS NOT NULL AND i.has_none AND p.none_at + i.wait <= now() THEN 'cancelled'
                WHEN p.attempts > 1 OR i.counts OR (p.in_doubt AND NOT i.ends_doubt) THEN 'unknown'
                WHEN p.cancelled_at IS NOT NULL THEN 'cancelled'
                ELSE 'charging' END,
            attempts = p.attempts - CASE WHEN i.counts OR p.status = 'refunding' THEN 0 ELSE 1 END,
            refund_attempts = p.refund_attempts - CASE WHEN NOT i.counts AND p.status = 'refunding' THEN 1 ELSE 0 END,
            in_doubt = p.in_doubt AND NOT i.ends_doubt,
            none_at = CASE WHEN i.has_none THEN coalesce(p.none_at, now()) ELSE p.none_at END,
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
        parameters.AddArray(NpgsqlDbType.Boolean, rows, row => row.Counts);
        parameters.AddArray(NpgsqlDbType.Boolean, rows, row => row.HasNoCharge);
        parameters.AddArray(NpgsqlDbType.Boolean, rows, row => row.EndsDoubt);
    }

    protected override bool Read(NpgsqlDataReader reader, SuspendedPayment row) => reader.GetBoolean(1);
}
