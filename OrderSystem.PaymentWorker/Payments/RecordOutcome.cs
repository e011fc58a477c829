using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>The provider's answer, the event that tells of it, and the event that it answers.</summary>
internal sealed record Outcome(Guid ReceivedEventId, ChargeOutcome Charge, StoredEvent Told);

/// <summary>The outcome, its event and the inbox row in one statement. A payment that is finished already stays as it is, and tells nothing twice.</summary>
internal sealed class RecordOutcome() : GroupWrite<Outcome, bool>(
    "record-outcome",
    $"""
    WITH input AS (
        SELECT * FROM unnest({OutboxSql.Arrays}, $9::uuid[], $10::text[], $11::text[], $12::text[])
            AS i ({OutboxSql.Columns}, received_id, status, provider_reference, reason)),
    received AS (
        INSERT INTO inbox (event_id) SELECT received_id FROM input ON CONFLICT DO NOTHING),
    changed AS (
        UPDATE payments p SET status = i.status, provider_reference = i.provider_reference, reason = i.reason, updated_at = now()
        FROM input i WHERE p.order_id = i.order_id AND p.status IN ('charging', 'unknown')
        RETURNING p.order_id AS id),
    stored AS (
        SELECT i.* FROM input i JOIN changed c ON c.id = i.order_id),
    {OutboxSql.Store}
    SELECT i.order_id, c.id IS NOT NULL FROM input i LEFT JOIN changed c ON c.id = i.order_id
    """)
{
    internal static readonly RecordOutcome Instance = new();

    protected override Guid KeyOf(Outcome row) => row.Told.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<Outcome> rows)
    {
        parameters.AddEvents([.. rows.Select(row => row.Told)]);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.ReceivedEventId);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Charge.Status == ChargeStatus.Succeeded ? "succeeded" : "declined");
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Charge.Reference);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Charge.Reason);
    }

    protected override bool Read(NpgsqlDataReader reader, Outcome row) => reader.GetBoolean(1);

    protected override StoredEvent? EventOf(Outcome row, bool result) => result ? row.Told : null;
}
