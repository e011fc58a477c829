using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// How far a durable consumer has read its stream, and what tells whether the stream still has these messages. Times are in UTC with the
/// precision of PostgreSQL, microseconds.
/// </summary>
/// <param name="StreamCreated">When the stream was created: another time is another stream of the same name.</param>
/// <param name="ConsumerCreated">When the consumer was created.</param>
/// <param name="AckFloor">Sequence up to which every message is acknowledged; at most <paramref name="LastSequence"/>.</param>
/// <param name="LastSequence">Last sequence of the stream.</param>
/// <param name="LastTime">When the stream stored that message: another time is another message with its sequence.</param>
internal sealed record ConsumerPosition(
    DateTime StreamCreated, DateTime ConsumerCreated, long AckFloor, long LastSequence, DateTime LastTime)
{
    /// <param name="stream">What the server says about the stream.</param>
    /// <param name="consumer">What the server says about the consumer; asked later.</param>
    internal static ConsumerPosition Of(JsonObject stream, JsonObject consumer)
    {
        var last = LastSequenceOf(stream);
        return new(
            Time(stream["created"]),
            Time(consumer["created"]),
            Math.Min((long)consumer["ack_floor"]!["stream_seq"]!, last),
            last,
            Time(stream["state"]!["last_ts"]));
    }

    internal static long LastSequenceOf(JsonObject stream) => (long)stream["state"]!["last_seq"]!;

    internal static DateTime Microseconds(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), DateTimeKind.Utc);

    private static DateTime Time(JsonNode? text) =>
        Microseconds(DateTimeOffset.Parse((string)text!, CultureInfo.InvariantCulture));
}

/// <summary>The kept position of a consumer.</summary>
/// <param name="Position">The position.</param>
/// <param name="IsLost">Whether the stream was found to have lost messages within the last hour.</param>
internal sealed record KeptPosition(ConsumerPosition Position, bool IsLost);

/// <summary>
/// Table <c>consumer_positions</c>. An instance writes only over what it has read: what another one wrote meanwhile is as true, and a
/// change of the stream is reported once.
/// </summary>
internal sealed class PositionTable(NpgsqlDataSource database, string consumer)
{
    internal async Task<KeptPosition?> FindAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT stream_created, consumer_created, ack_floor, last_seq, last_time, coalesce(lost_at > now() - interval '1 hour', false)
            FROM consumer_positions WHERE consumer = $1
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = consumer });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(
                new(row.GetDateTime(0), row.GetDateTime(1), row.GetInt64(2), row.GetInt64(3), row.GetDateTime(4)),
                row.GetBoolean(5))
            : null;
    }

    /// <returns>False when another instance was faster.</returns>
    internal async Task<bool> AddAsync(ConsumerPosition position, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            INSERT INTO consumer_positions (consumer, stream_created, consumer_created, ack_floor, last_seq, last_time)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = consumer });
        Add(command, position);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <returns>False when another instance has changed it since it was read.</returns>
    internal async Task<bool> ReplaceAsync(
        ConsumerPosition kept, ConsumerPosition position, bool isLost, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            UPDATE consumer_positions SET stream_created = $2, consumer_created = $3, ack_floor = $4, last_seq = $5, last_time = $6,
                lost_at = CASE WHEN $12 THEN now() ELSE lost_at END
            WHERE consumer = $1
              AND (stream_created, consumer_created, ack_floor, last_seq, last_time) = ($7, $8, $9, $10, $11)
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = consumer });
        Add(command, position);
        Add(command, kept);
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = isLost });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static void Add(NpgsqlCommand command, ConsumerPosition position)
    {
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = position.StreamCreated });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = position.ConsumerCreated });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position.AckFloor });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position.LastSequence });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = position.LastTime });
    }
}
