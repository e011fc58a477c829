using System.Diagnostics;
using Npgsql;

namespace OrderSystem.Messaging.Operations;

/// <summary>A ledger event in the timeline of its order.</summary>
/// <param name="EventId">The event id.</param>
/// <param name="Type">The event type.</param>
/// <param name="OccurredAt">When it was committed.</param>
/// <param name="TraceId">Its trace, or null.</param>
/// <param name="Waiting">Whether it waits in the outbox.</param>
public sealed record TimelineEvent(Guid EventId, string Type, DateTimeOffset OccurredAt, string? TraceId, bool Waiting)
{
    /// <summary>Selects what <see cref="Read"/> reads; $1 is the order.</summary>
    public const string OfOrder =
        """
        SELECT e.event_id, e.type, e.occurred_at, e.traceparent, o.order_id IS NOT NULL
        FROM events e LEFT JOIN outbox o USING (order_id, version) WHERE e.order_id = $1 ORDER BY version
        """;

    /// <summary>Reads one row of <see cref="OfOrder"/>.</summary>
    public static TimelineEvent Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2),
        !row.IsDBNull(3) && ActivityContext.TryParse(row.GetString(3), null, out var trace) ? trace.TraceId.ToHexString() : null,
        row.GetBoolean(4));
}
