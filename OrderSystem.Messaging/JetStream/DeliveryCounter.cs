using NpgsqlTypes;
using OrderSystem.Messaging.GroupCommit;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Counts deliveries that ended without a result: the handler threw, or its process died. Only redeliveries are counted, before they are
/// handled, so that a first delivery costs nothing. A count is one more row of a group commit. The server's own counter restarts at one
/// with a recreated consumer.
/// </summary>
internal sealed class DeliveryCounter(GroupCommitter committer)
{
    private static readonly BatchedWrite<Delivery, int> Count = new(
        "count-delivery",
        EventId,
        Consumer,
        $"""
        INSERT INTO deliveries AS d (consumer, event_id, count) SELECT consumer, event_id, 1 FROM ({BatchedWrite.Rows}) AS redelivered
        ON CONFLICT (consumer, event_id) DO UPDATE SET count = d.count + 1, updated_at = now()
        RETURNING event_id, count
        """,
        read: (reader, _) => reader.GetInt32(1));

    private static readonly BatchedWrite<Delivery, bool> OneLess = BatchedWrite<Delivery, bool>.WithoutResult(
        "take-back-delivery",
        EventId,
        Consumer,
        $"""
        UPDATE deliveries d SET count = d.count - 1 FROM ({BatchedWrite.Rows}) AS failed
        WHERE d.consumer = failed.consumer AND d.event_id = failed.event_id
        """);

    private static readonly BatchedWrite<Delivery, bool> Delete = BatchedWrite<Delivery, bool>.WithoutResult(
        "clear-deliveries",
        EventId,
        Consumer,
        $"""
        DELETE FROM deliveries d USING ({BatchedWrite.Rows}) AS settled
        WHERE d.consumer = settled.consumer AND d.event_id = settled.event_id
        """);

    /// <summary>Counts a redelivery and returns the new count.</summary>
    internal Task<int> CountAsync(string consumer, Guid eventId) => committer.WriteAsync(Count, new(consumer, eventId));

    /// <summary>Takes one back: the delivery failed because of a dependency, not because of the message.</summary>
    internal void TakeBack(string consumer, Guid eventId) => committer.Enqueue(OneLess, new(consumer, eventId));

    /// <summary>Resets the count: the message was settled, or its handler asked for a retry.</summary>
    internal void Clear(string consumer, Guid eventId) => committer.Enqueue(Delete, new(consumer, eventId));

    private static (string Name, Func<Delivery, Guid> Value) EventId => ("event_id", row => row.EventId);

    private static void Consumer(Columns<Delivery> columns) => columns.Add("consumer", NpgsqlDbType.Text, row => row.Consumer);

    private readonly record struct Delivery(string Consumer, Guid EventId);
}
