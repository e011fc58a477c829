using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A charge that has no outcome yet, and why.</summary>
internal sealed record SuspendedCharge(Guid OrderId, string Status, string Reason);

/// <summary>Gives the lease back, so that the next delivery can go on at once, with the same key.</summary>
internal sealed class SuspendCharge() : GroupWrite<SuspendedCharge, bool>(
    "suspend-charge",
    """
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) AS i (order_id, status, reason)),
    changed AS (
        UPDATE payments p SET status = i.status, reason = i.reason, lease_until = now(), updated_at = now()
        FROM input i WHERE p.order_id = i.order_id AND p.status IN ('charging', 'unknown')
        RETURNING p.order_id)
    SELECT i.order_id, c.order_id IS NOT NULL FROM input i LEFT JOIN changed c ON c.order_id = i.order_id
    """)
{
    internal static readonly SuspendCharge Instance = new();

    protected override Guid KeyOf(SuspendedCharge row) => row.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<SuspendedCharge> rows)
    {
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.OrderId);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Status);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Reason);
    }

    protected override bool Read(NpgsqlDataReader reader, SuspendedCharge row) => reader.GetBoolean(1);
}
