using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;

namespace OrderSystem.Messaging.Outbox;

/// <summary>The queue as recovery reads it: what no relay published from memory.</summary>
internal sealed class OutboxTable(NpgsqlDataSource database)
{
    /// <summary>
    /// Takes up to <paramref name="limit"/> waiting events, each the oldest of its order, for <paramref name="lease"/>. Several relays
    /// never get the same row; the rows of one that froze come free when the lease ends. There is no cursor that a late commit could fall behind.
    /// </summary>
    internal async Task<List<StoredEvent>> ClaimAsync(int limit, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            WITH oldest AS (
                SELECT order_id, version FROM outbox o
                WHERE parked_at IS NULL AND available_at <= now()
                  AND NOT EXISTS (SELECT FROM outbox earlier WHERE earlier.order_id = o.order_id AND earlier.version < o.version)
                ORDER BY available_at
                LIMIT $1
                FOR UPDATE SKIP LOCKED),
            claimed AS (
                UPDATE outbox o SET available_at = now() + $2, attempts = attempts + 1
                FROM oldest WHERE o.order_id = oldest.order_id AND o.version = oldest.version
                RETURNING o.order_id, o.version, o.emission)
            SELECT e.event_id, e.order_id, e.version, e.type, e.payload, e.traceparent, e.tracestate, e.occurred_at, claimed.emission
            FROM claimed JOIN events e USING (order_id, version)
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease, NpgsqlDbType = NpgsqlDbType.Interval });

        var events = new List<StoredEvent>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            events.Add(Read(reader));
        return events;
    }

    /// <summary>Lets the event wait: 1 s after the first attempt, doubling up to 60 s, without end.</summary>
    internal Task PutOffAsync(StoredEvent stored, string why, CancellationToken cancellationToken) => SetAsync(
        "available_at = now() + least(60, power(2, least(attempts - 1, 6))) * interval '1 second'", stored, why, cancellationToken);

    /// <summary>Takes the event out of the run: it can never be published. Later events of its order wait behind it.</summary>
    internal Task ParkAsync(StoredEvent stored, string why, CancellationToken cancellationToken) => SetAsync("parked_at = now()", stored, why, cancellationToken);

    private async Task SetAsync(string change, StoredEvent stored, string why, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"UPDATE outbox SET {change}, last_error = $3 WHERE order_id = $1 AND version = $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = stored.OrderId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = stored.Version });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = why });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static StoredEvent Read(NpgsqlDataReader row)
    {
        var name = row.GetString(3);
        var type = EventType.Find(name) ?? throw new InvalidOperationException(
            $"The ledger holds an event of type '{name}', which this version does not know. A newer version wrote it: let that one relay it.");
        return new(
            row.GetGuid(0), row.GetGuid(1), row.GetInt32(2), type, row.GetFieldValue<byte[]>(4),
            row.IsDBNull(5) ? null : row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6), row.GetFieldValue<DateTimeOffset>(7)) { Emission = row.GetInt32(8) };
    }
}
