using Npgsql;

namespace OrderSystem.Messaging.Operations;

/// <summary>An event that took effect at this consumer (a row of the inbox).</summary>
/// <param name="EventId">The event.</param>
/// <param name="At">When its effect was committed.</param>
/// <param name="StreamSequence">Its stream sequence; null in rows from before it was recorded.</param>
/// <param name="Delivery">Number of the delivery, from 1; null like the sequence.</param>
public sealed record ProcessedEvent(Guid EventId, DateTimeOffset At, long? StreamSequence, int? Delivery)
{
    /// <summary>Selects what <see cref="Read"/> reads; $1 is an array of event ids.</summary>
    public const string OfEvents = "SELECT event_id, received_at, stream_seq, delivery FROM inbox WHERE event_id = ANY ($1)";

    /// <summary>Reads one row of <see cref="OfEvents"/>.</summary>
    public static ProcessedEvent Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1),
        row.IsDBNull(2) ? null : row.GetInt64(2), row.IsDBNull(3) ? null : row.GetInt32(3));
}
