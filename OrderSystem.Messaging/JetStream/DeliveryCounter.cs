using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Counts the deliveries of a message that ended in neither an answer nor a decision: the handler threw, or its process died. Only redeliveries are
/// counted, before they are handled, so that a first delivery costs nothing. A count is one more row of a group commit.
/// </summary>
internal sealed class DeliveryCounter(GroupCommitter committer)
{
    /// <summary>Counts one more and returns how many there are.</summary>
    internal Task<int> CountAsync(string consumer, Guid eventId) => committer.WriteAsync(Count.Instance, new(consumer, eventId));

    /// <summary>Takes one back: it failed, and not because of the message.</summary>
    internal void TakeBack(string consumer, Guid eventId) => committer.Post(Change.OneLess, new(consumer, eventId));

    /// <summary>Begins again at none: the message was settled, or its handler decided to wait.</summary>
    internal void Clear(string consumer, Guid eventId) => committer.Post(Change.Delete, new(consumer, eventId));

    private readonly record struct Delivery(string Consumer, Guid EventId);

    private abstract class DeliveryWrite<TResult>(string name, string sql) : GroupWrite<Delivery, TResult>(name, sql)
    {
        protected internal override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<Delivery> rows)
        {
            parameters.AddArray(NpgsqlDbType.Text, rows, row => row.Consumer);
            parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.EventId);
        }
    }

    private sealed class Count() : DeliveryWrite<int>(
        "count-delivery",
        """
        INSERT INTO deliveries AS d (consumer, event_id, count) SELECT consumer, event_id, 1 FROM unnest($1::text[], $2::uuid[]) AS again (consumer, event_id)
        ON CONFLICT (consumer, event_id) DO UPDATE SET count = d.count + 1, updated_at = now()
        RETURNING event_id, count
        """)
    {
        internal static readonly Count Instance = new();

        protected internal override Guid KeyOf(Delivery row) => row.EventId;

        protected internal override int Read(NpgsqlDataReader reader, Delivery row) => reader.GetInt32(1);
    }

    private sealed class Change(string name, string sql) : DeliveryWrite<bool>(name, sql)
    {
        internal static readonly Change OneLess = new(
            "take-back-delivery",
            """
            UPDATE deliveries d SET count = d.count - 1 FROM unnest($1::text[], $2::uuid[]) AS failed (consumer, event_id)
            WHERE d.consumer = failed.consumer AND d.event_id = failed.event_id
            """);

        internal static readonly Change Delete = new(
            "clear-deliveries",
            """
            DELETE FROM deliveries d USING unnest($1::text[], $2::uuid[]) AS settled (consumer, event_id)
            WHERE d.consumer = settled.consumer AND d.event_id = settled.event_id
            """);

        protected internal override bool Answers => false;

        protected internal override Guid KeyOf(Delivery row) => Guid.Empty;

        protected internal override bool Read(NpgsqlDataReader reader, Delivery row) => true;
    }
}
