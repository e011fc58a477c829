using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A payment that has no outcome yet, why, and when it is looked at again.</summary>
internal sealed record SuspendedPayment(Guid OrderId, string Reason, TimeSpan Wait);

/// <summary>Gives the lease back. A charge without an answer is unknown, never failed; a refund goes on being a refund.</summary>
internal sealed class SuspendCharge() : GroupWrite<SuspendedPayment, bool>(
    "suspend-charge",
    """
    WITH input AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::interval[]) AS i (order_id, reason, wait)),
    changed AS (
        UPDATE payments p SET status = CASE p.status WHEN 'charging' THEN 'unknown' ELSE p.status END, reason = i.reason, lease_until = now() + i.wait, updated_at = now()
        FROM input i WHERE p.order_id = i.order_id AND p.status IN ('charging', 'unknown', 'refunding')
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
    }

    protected override bool Read(NpgsqlDataReader reader, SuspendedPayment row) => reader.GetBoolean(1);
}
