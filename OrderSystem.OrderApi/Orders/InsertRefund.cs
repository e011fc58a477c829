using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Outbox;
using OrderSystem.OrderApi.Idempotency;

namespace OrderSystem.OrderApi.Orders;

/// <summary>A request to refund a part of a paid order, or all of it.</summary>
/// <param name="Refund">The refund.</param>
/// <param name="Currency">That of the order.</param>
/// <param name="Requested">The event that it stores; the statement numbers it.</param>
/// <param name="Key">The idempotency key of the request.</param>
/// <param name="RequestHash">Hash of the request.</param>
internal sealed record NewRefund(
    OrderRefund Refund, string Currency, StoredEvent Requested, IdempotencyKey Key, byte[] RequestHash);

/// <summary>The effect of the request.</summary>
/// <param name="Version">Number of the event; 0 when nothing was stored.</param>
/// <param name="Status">The status of the order before; null when there is no such order.</param>
/// <param name="Refundable">What was left to refund before.</param>
/// <param name="Requests">How many refunds had been requested before.</param>
/// <param name="OrderTrace">The W3C trace context in which the order was placed.</param>
internal readonly record struct InsertedRefund(int Version, OrderStatus? Status, decimal Refundable, int Requests, string? OrderTrace)
{
    /// <summary>Whether the order alone would have allowed a refund of this amount.</summary>
    internal bool Allows(decimal amount) =>
        Status == OrderStatus.Paid && Requests < InsertRefund.MaxRequests && amount <= Refundable;
}

/// <summary>
/// Inserts the refund, its event and its idempotency key in one statement, if the order is paid and the amount is left of it. It first
/// locks the order's row and decides by what it then contains: of concurrent requests each sees what the others before it have taken. The
/// key is claimed last, because nothing can refuse the refund any more. As with a cancellation, the event carries the trace context in
/// which the order was placed.
/// </summary>
internal static class InsertRefund
{
    /// <summary>Bounds the rows and events of one order. A refund that failed counts, because its events stay.</summary>
    internal const int MaxRequests = 100;

    internal static readonly BatchedWrite<NewRefund, InsertedRefund> Write = new(
        "insert-refund",
        key: ("order_id", row => row.Requested.OrderId),
        input: columns => columns
            .Event(row => row.Requested)
            .Add("refund_id", NpgsqlDbType.Uuid, row => row.Refund.Id)
            .Add("amount", NpgsqlDbType.Numeric, row => row.Refund.Amount)
            .Add("currency", NpgsqlDbType.Text, row => row.Currency)
            .Add("reason", NpgsqlDbType.Text, row => row.Refund.Reason)
            .Add("client_id", NpgsqlDbType.Text, row => row.Key.ClientId)
            .Add("key", NpgsqlDbType.Text, row => row.Key.Key)
            .Add("request_hash", NpgsqlDbType.Bytea, row => row.RequestHash),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        locked AS (
            SELECT orders.id, {Order.ShownStatus} AS status, orders.refund_requests AS requests,
                greatest(0, orders.total - orders.refunded_total - orders.refund_pending) AS refundable
            FROM orders JOIN input i ON i.order_id = orders.id
            WHERE orders.id = ANY ({BatchedWrite.Keys})
            FOR NO KEY UPDATE OF orders),
        claimed AS (
            INSERT INTO idempotency_keys (client_id, key, request_hash, order_id, refund_id, created_at)
            SELECT i.client_id, i.key, i.request_hash, i.order_id, i.refund_id, i.occurred_at
            FROM input i JOIN locked l ON l.id = i.order_id
            WHERE l.status = 'paid' AND l.requests < {MaxRequests} AND i.amount <= l.refundable
            ORDER BY i.client_id, i.key
            ON CONFLICT DO NOTHING
            RETURNING order_id),
        changed AS (
            UPDATE orders o SET refund_pending = o.refund_pending + i.amount, refund_requests = o.refund_requests + 1
            FROM input i JOIN claimed USING (order_id)
            WHERE o.id = i.order_id AND o.id = ANY ({BatchedWrite.Keys})
            RETURNING o.id, o.refund_requests + 1 AS version),
        requested AS (
            INSERT INTO refunds (id, order_id, amount, currency, reason, source, status, created_at, updated_at)
            SELECT i.refund_id, i.order_id, i.amount, i.currency, i.reason, 'request', 'pending', i.occurred_at, i.occurred_at
            FROM input i JOIN changed c ON c.id = i.order_id),
        stored AS (
            SELECT i.order_id, c.version, i.event_id, i.type, i.payload, coalesce(placed.traceparent, i.traceparent) AS traceparent,
                CASE WHEN placed.traceparent IS NULL THEN i.tracestate ELSE placed.tracestate END AS tracestate, i.occurred_at
            FROM input i JOIN changed c ON c.id = i.order_id
            LEFT JOIN (SELECT * FROM events WHERE order_id = ANY ({BatchedWrite.Keys}) AND version = 1) placed
                ON placed.order_id = i.order_id),
        {OutboxSql.Store}
        SELECT i.order_id, coalesce(c.version, 0), l.status, coalesce(l.refundable, 0), coalesce(l.requests, 0), s.traceparent
        FROM input i LEFT JOIN locked l ON l.id = i.order_id LEFT JOIN changed c ON c.id = i.order_id
        LEFT JOIN stored s ON s.order_id = i.order_id
        """,
        read: (reader, row) => new(
            reader.GetInt32(1), reader.IsDBNull(2) ? null : OrderStatuses.Parse(reader.GetString(2)),
            Money.Of(reader.GetDecimal(3), row.Currency).Amount, reader.GetInt32(4), reader.IsDBNull(5) ? null : reader.GetString(5)),

        // Behind the events before it: the relay publishes it from the table.
        stored: (row, result) => result.Version == 0 ? null : row.Requested with { Version = result.Version });
}
