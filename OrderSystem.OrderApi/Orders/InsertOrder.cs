using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Outbox;
using OrderSystem.OrderApi.Idempotency;

namespace OrderSystem.OrderApi.Orders;

/// <summary>An order, the client that owns it, its event, the idempotency key of its request, and its payment method.</summary>
internal sealed record NewOrder(
    Order Order, string ClientId, StoredEvent Created, IdempotencyKey? Key, byte[]? RequestHash, string? PaymentMethod);

/// <summary>
/// Inserts keys, orders, payment methods, events and outbox rows in one statement. An order whose key is taken is not stored: the primary
/// key of the keys decides between concurrent requests. The result is whether the order was stored.
/// </summary>
internal static class InsertOrder
{
    internal static readonly BatchedWrite<NewOrder, bool> Write = new(
        "insert-order",
        key: ("order_id", row => row.Order.Id),
        input: columns => columns
            .Event(row => row.Created)
            .Add("customer_id", NpgsqlDbType.Text, row => row.Order.CustomerId)
            .Add("currency", NpgsqlDbType.Text, row => row.Order.Currency)
            .Add("total", NpgsqlDbType.Numeric, row => row.Order.Total)
            .Add("client_id", NpgsqlDbType.Text, row => row.ClientId)
            .Add("key", NpgsqlDbType.Text, row => row.Key?.Key)
            .Add("request_hash", NpgsqlDbType.Bytea, row => row.RequestHash)
            .Add("payment_method", NpgsqlDbType.Text, row => row.PaymentMethod),
        $"""
        WITH input AS ({BatchedWrite.Rows}),
        claimed AS (
            INSERT INTO idempotency_keys (client_id, key, request_hash, order_id, created_at)
            SELECT client_id, key, request_hash, order_id, occurred_at FROM input WHERE key IS NOT NULL ORDER BY client_id, key
            ON CONFLICT DO NOTHING
            RETURNING order_id),
        stored AS (
            SELECT * FROM input WHERE key IS NULL OR order_id IN (SELECT order_id FROM claimed)),
        placed AS (
            INSERT INTO orders (id, client_id, customer_id, currency, total, items, status, created_at, updated_at)
            SELECT order_id, client_id, customer_id, currency, total, convert_from(payload, 'UTF8')::jsonb -> 'items', 'pending',
                occurred_at, occurred_at
            FROM stored),
        methods AS (
            INSERT INTO payment_methods (order_id, token, created_at)
            SELECT order_id, payment_method, occurred_at FROM stored WHERE payment_method IS NOT NULL),
        {OutboxSql.Store}
        SELECT order_id, order_id IN (SELECT order_id FROM stored) FROM input
        """,
        read: (reader, _) => reader.GetBoolean(1),
        stored: (row, isNew) => isNew ? row.Created : null);
}
