using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>What a payment has come to, and the event that tells of it.</summary>
/// <param name="From">The statuses that it may come from, separated by commas.</param>
/// <param name="Status">The status that it has now.</param>
/// <param name="Reference">The charge or the refund at the provider.</param>
/// <param name="Reason">Why, where there is a reason.</param>
/// <param name="Calls">What was asked of the provider to learn it.</param>
/// <param name="Told">The event; its version is given by the statement.</param>
/// <param name="Received">The event that this answers, where it answers one.</param>
internal sealed record Outcome(string From, string Status, string? Reference, string? Reason, IReadOnlyList<ProviderCall> Calls, StoredEvent Told, ReceivedEnvelope? Received)
{
    /// <summary>What was charged, where the payment does not say it itself.</summary>
    internal decimal? Amount { get; init; }

    internal string? Currency { get; init; }
}

/// <summary>
/// The outcome, its event and the inbox row in one statement. A payment that is not where the outcome begins stays as it is, and tells
/// nothing twice. A charge that succeeds although the order was cancelled goes on to its refund. Answers the version of the event, or 0.
/// </summary>
internal sealed class RecordOutcome() : GroupWrite<Outcome, int>(
    "record-outcome",
    $"""
    WITH input AS (
        SELECT * FROM unnest({OutboxSql.Arrays}, $9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::int[], $16::text[], $17::uuid[], $18::numeric[], $19::text[])
            AS i ({OutboxSql.Columns}, received_id, origin, status, reference, reason, stream_seq, delivery, calls, refund_key, amount, currency)),
    received AS (
        INSERT INTO inbox (event_id, stream_seq, delivery) SELECT received_id, stream_seq, delivery FROM input WHERE received_id IS NOT NULL ON CONFLICT DO NOTHING),
    changed AS (
        UPDATE payments p SET
            status = CASE WHEN i.status = 'succeeded' AND p.cancelled_at IS NOT NULL THEN 'refunding' ELSE i.status END,
            refund_key = CASE WHEN i.status = 'succeeded' AND p.cancelled_at IS NOT NULL THEN coalesce(p.refund_key, i.refund_key) ELSE p.refund_key END,
            provider_reference = CASE WHEN i.status = 'refunded' THEN p.provider_reference ELSE coalesce(i.reference, p.provider_reference) END,
            refund_reference = CASE WHEN i.status = 'refunded' THEN i.reference ELSE p.refund_reference END,
            amount = coalesce(p.amount, i.amount), currency = coalesce(p.currency, i.currency),
            reason = i.reason, events = p.events + 1, {ProviderCall.Append},
            lease_until = now(), updated_at = now()
        FROM input i WHERE p.order_id = i.order_id AND p.order_id = ANY ($1) AND p.status = ANY (string_to_array(i.origin, ','))
        RETURNING p.order_id AS id, p.events),
    stored AS (
        SELECT i.order_id, c.events AS version, i.event_id, i.type, i.payload, i.traceparent, i.tracestate, i.occurred_at
        FROM input i JOIN changed c ON c.id = i.order_id),
    {OutboxSql.Store}
    SELECT i.order_id, coalesce(c.events, 0) FROM input i LEFT JOIN changed c ON c.id = i.order_id
    """)
{
    internal static readonly RecordOutcome Instance = new();

    protected override Guid KeyOf(Outcome row) => row.Told.OrderId;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<Outcome> rows)
    {
        parameters.AddEvents([.. rows.Select(row => row.Told)]);
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.Received?.EventId);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.From);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Status);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Reference);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Reason);
        parameters.AddArray(NpgsqlDbType.Bigint, rows, row => (long?)row.Received?.StreamSequence);
        parameters.AddArray(NpgsqlDbType.Integer, rows, row => row.Received?.Delivery);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => ProviderCall.ToJson(row.Calls));
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => ProviderKey.OfRefund(row.Told.OrderId));
        parameters.AddArray(NpgsqlDbType.Numeric, rows, row => row.Amount);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Currency);
    }

    protected override int Read(NpgsqlDataReader reader, Outcome row) => reader.GetInt32(1);

    protected override StoredEvent? EventOf(Outcome row, int result) => result > 0 ? row.Told with { Version = result } : null;
}
