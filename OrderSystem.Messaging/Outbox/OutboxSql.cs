using NpgsqlTypes;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;

namespace OrderSystem.Messaging.Outbox;

/// <summary>
/// The part of a batched write that stores events. The write declares their columns with <see cref="Event"/>, defines a CTE <c>stored</c>
/// with the rows whose state change happened, and puts <see cref="Store"/> behind it.
/// </summary>
public static class OutboxSql
{
    /// <summary>The head start: how long only the relay of the committing process may publish the first event of an order.</summary>
    internal const string HeadStart = "5 seconds";

    private const string Columns = "order_id, version, event_id, type, payload, traceparent, tracestate, occurred_at";

    /// <summary>Two CTEs that insert the rows of <c>stored</c> into the ledger and into the outbox.</summary>
    public const string Store =
        $"""
        recorded AS (
            INSERT INTO events ({Columns})
            SELECT {Columns} FROM stored),
        queued AS (
            INSERT INTO outbox (order_id, version, available_at)
            SELECT order_id, version, now() + CASE version WHEN 1 THEN interval '{HeadStart}' ELSE interval '0' END FROM stored)
        """;

    /// <summary>
    /// A CTE that republishes all events of the orders in <c>republished (order_id)</c> under new message ids. The idempotent receiver
    /// recognises the event ids and processes each event once.
    /// </summary>
    public const string Republish =
        """
        queued AS (
            INSERT INTO outbox (order_id, version, available_at, emission)
            SELECT e.order_id, e.version, now(), extract(epoch FROM now())::int FROM events e JOIN republished USING (order_id)
            ON CONFLICT DO NOTHING)
        """;

    /// <summary>
    /// Declares the columns of an event beside <c>order_id</c>, which is the key of the write:
    /// <c>version, event_id, type, payload, traceparent, tracestate, occurred_at</c>.
    /// </summary>
    public static Columns<TRow> Event<TRow>(this Columns<TRow> columns, Func<TRow, StoredEvent> stored) => columns
        .Add("version", NpgsqlDbType.Integer, row => stored(row).Version)
        .Add("event_id", NpgsqlDbType.Uuid, row => stored(row).EventId)
        .Add("type", NpgsqlDbType.Text, row => stored(row).Type.Name)
        .Add("payload", NpgsqlDbType.Bytea, row => stored(row).Payload)
        .Add("traceparent", NpgsqlDbType.Text, row => stored(row).TraceParent)
        .Add("tracestate", NpgsqlDbType.Text, row => stored(row).TraceState)
        .Add("occurred_at", NpgsqlDbType.TimestampTz, row => stored(row).OccurredAt.UtcDateTime);
}
