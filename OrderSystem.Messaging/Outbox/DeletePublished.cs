using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;

namespace OrderSystem.Messaging.Outbox;

/// <summary>Deletes acknowledged events from the outbox. Never earlier: an event is in its stream or in this table.</summary>
internal static class DeletePublished
{
    internal static readonly BatchedWrite<StoredEvent, bool> Write = BatchedWrite<StoredEvent, bool>.WithoutResult(
        "delete-published",
        key: ("order_id", stored => stored.OrderId),
        input: columns => columns.Add("version", NpgsqlDbType.Integer, stored => stored.Version),
        $"""
        DELETE FROM outbox o USING ({BatchedWrite.Rows}) AS published
        WHERE o.order_id = published.order_id AND o.version = published.version AND o.order_id = ANY ({BatchedWrite.Keys})
        """);
}
