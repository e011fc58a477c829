using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.Outbox;

/// <summary>An outbox row that a relay has leased.</summary>
/// <param name="OrderId">Its order.</param>
/// <param name="Version">Its version.</param>
/// <param name="Event">The event; null when it cannot be read.</param>
/// <param name="Problem">Why it cannot be read.</param>
internal readonly record struct LeasedRow(Guid OrderId, int Version, StoredEvent? Event, string? Problem = null);

/// <summary>The outbox table, for events that were not published from memory.</summary>
internal sealed class OutboxTable(NpgsqlDataSource database)
{
    /// <summary>Prefix of the reason of an event that a newer release wrote and this one cannot publish.</summary>
    private const string UnknownType = "unknown type";

    /// <summary>
    /// Leases up to <paramref name="limit"/> waiting events, each the oldest of its order, for <paramref name="lease"/>. Relays never get
    /// the same row; the leases of a relay that froze expire. There is no cursor, so a late commit cannot be skipped.
    /// </summary>
    internal async Task<List<LeasedRow>> LeaseAsync(int limit, TimeSpan lease, CancellationToken cancellationToken)
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
            SELECT order_id, version, e.event_id, e.type, e.payload, e.traceparent, e.tracestate, e.occurred_at, claimed.emission
            FROM claimed LEFT JOIN events e USING (order_id, version)
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease, NpgsqlDbType = NpgsqlDbType.Interval });

        var rows = new List<LeasedRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(Read(reader));
        return rows;
    }

    /// <summary>Exponential backoff: 1 s after the first attempt, doubling up to 60 s, without end.</summary>
    internal Task BackOffAsync(StoredEvent stored, string why, CancellationToken cancellationToken) => SetAsync(
        "available_at = now() + least(60, power(2, least(attempts - 1, 6))) * interval '1 second'",
        stored.OrderId, stored.Version, why, cancellationToken);

    /// <summary>Parks an event that can never be published. Later events of its order wait behind it.</summary>
    internal Task ParkAsync(Guid orderId, int version, string why, CancellationToken cancellationToken) =>
        SetAsync("parked_at = now()", orderId, version, why, cancellationToken);

    /// <summary>Unparks events that an older release has parked because it did not know their type.</summary>
    /// <returns>The number of events.</returns>
    internal async Task<int> UnparkAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            UPDATE outbox o SET parked_at = NULL, available_at = now()
            FROM events e
            WHERE o.parked_at IS NOT NULL AND o.last_error LIKE '{UnknownType}%'
                AND e.order_id = o.order_id AND e.version = o.version AND e.type = ANY ($1)
            """);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. EventType.All.Select(type => type.Name)] });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task SetAsync(string change, Guid orderId, int version, string why, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"UPDATE outbox SET {change}, last_error = $3 WHERE order_id = $1 AND version = $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = orderId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = why });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static LeasedRow Read(NpgsqlDataReader row)
    {
        var (orderId, version) = (row.GetGuid(0), row.GetInt32(1));
        if (row.IsDBNull(2))
            return new(orderId, version, Event: null, "the ledger has no such event");
        var name = row.GetString(3);
        if (EventType.Find(name) is not { } type)
            return new(orderId, version, Event: null, $"{UnknownType} '{name}': a newer release wrote it and has to publish it");
        return new(orderId, version, new(
            row.GetGuid(2), orderId, version, type, row.GetFieldValue<byte[]>(4),
            row.IsDBNull(5) ? null : row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6),
            row.GetFieldValue<DateTimeOffset>(7)) { RepublishStamp = row.GetInt32(8) });
    }
}
