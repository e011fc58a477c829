using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;
using OrderSystem.OrderApi.Idempotency;

namespace OrderSystem.OrderApi.Orders;

/// <summary>An order, the client that it is of, the event that tells of it, and the key that it was placed under.</summary>
internal sealed record NewOrder(Order Order, string ClientId, StoredEvent Created, IdempotencyKey? Key, byte[]? RequestHash);

/// <summary>
/// Keys, orders, events and their places in the outbox: many orders, one statement. An order whose key is taken is not stored; the
/// primary key of the keys is what decides between requests that race. Answers whether it was stored.
/// </summary>
internal sealed class InsertOrder() : GroupWrite<NewOrder, bool>(
    "insert-order",
    $"""
    WITH input AS (
        SELECT * FROM unnest({OutboxSql.Arrays}, $9::text[], $10::text[], $11::numeric[], $12::text[], $13::text[], $14::bytea[])
            AS i ({OutboxSql.Columns}, customer_id, currency, total, client_id, key, request_hash)),
    claimed AS (
        INSERT INTO idempotency_keys (client_id, key, request_hash, order_id, created_at)
        SELECT client_id, key, request_hash, order_id, occurred_at FROM input WHERE key IS NOT NULL ORDER BY client_id, key
        ON CONFLICT DO NOTHING
        RETURNING order_id),
    stored AS (
        SELECT * FROM input WHERE key IS NULL OR order_id IN (SELECT order_id FROM claimed)),
    placed AS (
        INSERT INTO orders (id, client_id, customer_id, currency, total, items, status, created_at, updated_at)
        SELECT order_id, client_id, customer_id, currency, total, convert_from(payload, 'UTF8')::jsonb -> 'items', 'pending', occurred_at, occurred_at FROM stored),
    {OutboxSql.Store}
    SELECT order_id, order_id IN (SELECT order_id FROM stored) FROM input
    """)
{
    internal static readonly InsertOrder Instance = new();

    protected override Guid KeyOf(NewOrder row) => row.Order.Id;

    protected override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<NewOrder> rows)
    {
        parameters.AddEvents([.. rows.Select(row => row.Created)]);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Order.CustomerId);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Order.Currency);
        parameters.AddArray(NpgsqlDbType.Numeric, rows, row => row.Order.Total);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.ClientId);
        parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Key?.Key);
        parameters.AddArray(NpgsqlDbType.Bytea, rows, row => row.RequestHash);
    }

    protected override bool Read(NpgsqlDataReader reader, NewOrder row) => reader.GetBoolean(1);

    protected override StoredEvent? EventOf(NewOrder row, bool result) => result ? row.Created : null;
}
