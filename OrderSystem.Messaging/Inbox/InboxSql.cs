using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;

namespace OrderSystem.Messaging.Inbox;

/// <summary>
/// The part of a batched write that makes it an idempotent receiver: the inbox row is written in the transaction of its effect.
/// </summary>
public static class InboxSql
{
    /// <summary>
    /// A CTE that inserts the received events of <c>input</c> into the inbox; it returns the ids of those that were not there.
    /// </summary>
    public const string Insert =
        """
        received AS (
            INSERT INTO inbox (event_id, stream_seq, delivery)
            SELECT received_id, stream_seq, delivery FROM input WHERE received_id IS NOT NULL
            ON CONFLICT DO NOTHING
            RETURNING event_id)
        """;

    /// <summary>
    /// Declares the columns of a received event: <c>received_id, stream_seq, delivery</c>, all NULL where the write is not
    /// the effect of a message.
    /// </summary>
    public static Columns<TRow> Received<TRow>(this Columns<TRow> columns, Func<TRow, ReceivedEnvelope?> received) => columns
        .Add("received_id", NpgsqlDbType.Uuid, row => received(row)?.EventId)
        .Add("stream_seq", NpgsqlDbType.Bigint, row => (long?)received(row)?.StreamSequence)
        .Add("delivery", NpgsqlDbType.Integer, row => received(row)?.Delivery);
}
