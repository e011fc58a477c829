using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Inbox;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>A refund that a client of the order API has requested.</summary>
/// <param name="Received">The event.</param>
/// <param name="RefundId">The refund.</param>
/// <param name="Amount">Amount to refund.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Reason">Reason, for people.</param>
/// <param name="TraceParent">The current W3C trace context.</param>
/// <param name="IsInDoubt">Whether the provider may know more than this database.</param>
internal sealed record RequestedRefund(
    ReceivedEnvelope Received, Guid RefundId, decimal Amount, string Currency, string? Reason, string? TraceParent, bool IsInDoubt);

/// <summary>What became of a requested refund.</summary>
/// <param name="IsNew">Whether it is stored now, and due.</param>
/// <param name="Earlier">The refund that was stored before, if any.</param>
/// <param name="Payment">The payment of the order; null when this database has none.</param>
internal sealed record BegunRefund(bool IsNew, EarlierRefund? Earlier, RefundedPayment? Payment);

/// <summary>A refund that was requested before.</summary>
internal sealed record EarlierRefund(RefundStatus Status, decimal Amount, string Currency);

/// <summary>The payment that a refund is a part of.</summary>
/// <param name="Id">The payment.</param>
/// <param name="Status">Its status.</param>
/// <param name="Currency">ISO 4217 code; null when only the cancellation of the order is known here.</param>
/// <param name="RefundedTotal">What was refunded of it until now.</param>
internal sealed record RefundedPayment(Guid Id, PaymentStatus Status, string? Currency, decimal RefundedTotal);

/// <summary>
/// Stores a requested refund of a paid order with its provider key, and the inbox row. Without a payment that has succeeded in that
/// currency nothing is stored.
/// </summary>
internal static class BeginRefund
{
    internal static readonly BatchedWrite<RequestedRefund, BegunRefund> Write = new(
        "begin-refund",
        key: ("order_id", row => row.Received.OrderId),
        input: columns => columns
            .Received(row => row.Received)
            .Add("refund_id", NpgsqlDbType.Uuid, row => row.RefundId)
            .Add("amount", NpgsqlDbType.Numeric, row => row.Amount)
            .Add("currency", NpgsqlDbType.Text, row => row.Currency)
            .Add("reason", NpgsqlDbType.Text, row => row.Reason)
            .Add("provider_key", NpgsqlDbType.Uuid, row => ProviderKey.OfPartialRefund(row.RefundId))
            .Add("traceparent", NpgsqlDbType.Text, row => row.TraceParent)
            .Add("in_doubt", NpgsqlDbType.Boolean, row => row.IsInDoubt),
        $"""
        WITH given AS ({BatchedWrite.Rows}),
        payment AS (
            SELECT order_id, id, status, currency, refunded_total FROM payments WHERE order_id = ANY ({BatchedWrite.Keys})),
        earlier AS (
            SELECT id, order_id, status, amount, currency FROM refunds WHERE order_id = ANY ({BatchedWrite.Keys})),
        input AS (
            SELECT g.* FROM given g JOIN payment p ON p.order_id = g.order_id WHERE p.status = 'succeeded' AND p.currency = g.currency),
        {InboxSql.Insert},
        begun AS (
            INSERT INTO refunds (id, order_id, amount, currency, reason, source, status, provider_key, traceparent, in_doubt)
            SELECT refund_id, order_id, amount, currency, reason, 'request', 'pending', provider_key, traceparent, in_doubt FROM input
            ON CONFLICT DO NOTHING
            RETURNING id, order_id)
        SELECT g.order_id, b.id IS NOT NULL, e.status, e.amount, e.currency, p.id, p.status, p.currency, p.refunded_total
        FROM given g
        LEFT JOIN begun b ON b.order_id = g.order_id
        LEFT JOIN earlier e ON e.order_id = g.order_id AND e.id = g.refund_id
        LEFT JOIN payment p ON p.order_id = g.order_id
        """,
        read: (reader, _) => new(
            reader.GetBoolean(1),
            reader.IsDBNull(2) ? null : new(RefundNames.ParseStatus(reader.GetString(2)), reader.GetDecimal(3), reader.GetString(4)),
            reader.IsDBNull(5)
                ? null
                : new(
                    reader.GetGuid(5), PaymentStatuses.Parse(reader.GetString(6)), reader.IsDBNull(7) ? null : reader.GetString(7),
                    reader.GetDecimal(8))));
}
