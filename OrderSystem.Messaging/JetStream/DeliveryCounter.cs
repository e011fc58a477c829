using Npgsql;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Counts the deliveries that ended in neither an answer nor a decision: a handler that threw, a process that died over a message. Only a
/// message that comes again is counted, before it is handled, so that the usual case costs nothing.
/// </summary>
internal sealed class DeliveryCounter(NpgsqlDataSource database)
{
    /// <summary>Counts one more and returns how many there are.</summary>
    internal async Task<int> CountAsync(string consumer, Guid eventId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            INSERT INTO deliveries AS d (consumer, event_id, count) VALUES ($1, $2, 1)
            ON CONFLICT (consumer, event_id) DO UPDATE SET count = d.count + 1, updated_at = now()
            RETURNING count
            """);
        AddKey(command, consumer, eventId);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Begins again at none: the message was settled, or its handler decided to wait.</summary>
    internal async Task ClearAsync(string consumer, Guid eventId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("DELETE FROM deliveries WHERE consumer = $1 AND event_id = $2");
        AddKey(command, consumer, eventId);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void AddKey(NpgsqlCommand command, string consumer, Guid eventId)
    {
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = consumer });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = eventId });
    }
}
