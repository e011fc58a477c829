using Npgsql;
using NpgsqlTypes;

namespace OrderSystem.Messaging.Outbox;

/// <summary>
/// The part of a group write that stores events. The write's statement names its event columns with <see cref="Arrays"/>, defines a CTE
/// <c>stored</c> that holds the rows whose state change happened, and puts <see cref="Store"/> behind it.
/// </summary>
public static class OutboxSql
{
    /// <summary>How long the relay of the process that committed has a first event to itself before any relay may take it from the table.</summary>
    internal const string HeadStart = "5 seconds";

    /// <summary>The names of the columns that <see cref="AddEvents"/> adds, in order; the order's id is the first.</summary>
    public const string Columns = "order_id, version, event_id, type, payload, traceparent, tracestate, occurred_at";

    /// <summary>Eight array parameters, $1 to $8.</summary>
    public const string Arrays = "$1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::timestamptz[]";

    /// <summary>Two CTEs that put the rows of <c>stored</c> into the ledger and into the queue.</summary>
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
    /// A CTE that queues every event of the orders in <c>offered (order_id)</c> once more, under new message ids: the receiver knows the
    /// events by their own ids and takes each once.
    /// </summary>
    public const string OfferAgain =
        """
        queued AS (
            INSERT INTO outbox (order_id, version, available_at, emission)
            SELECT e.order_id, e.version, now(), extract(epoch FROM now())::int FROM events e JOIN offered USING (order_id)
            ON CONFLICT DO NOTHING)
        """;

    /// <summary>Adds the eight arrays of <see cref="Arrays"/>.</summary>
    public static void AddEvents(this NpgsqlParameterCollection parameters, IReadOnlyList<StoredEvent> events)
    {
        parameters.AddArray(NpgsqlDbType.Uuid, events, stored => stored.OrderId);
        parameters.AddArray(NpgsqlDbType.Integer, events, stored => stored.Version);
        parameters.AddArray(NpgsqlDbType.Uuid, events, stored => stored.EventId);
        parameters.AddArray(NpgsqlDbType.Text, events, stored => stored.Type.Name);
        parameters.AddArray(NpgsqlDbType.Bytea, events, stored => stored.Payload);
        parameters.AddArray(NpgsqlDbType.Text, events, stored => stored.TraceParent);
        parameters.AddArray(NpgsqlDbType.Text, events, stored => stored.TraceState);
        parameters.AddArray(NpgsqlDbType.TimestampTz, events, stored => stored.OccurredAt.UtcDateTime);
    }

    /// <summary>Adds one array with an element for each row.</summary>
    public static void AddArray<TRow, TValue>(
        this NpgsqlParameterCollection parameters, NpgsqlDbType elementType, IReadOnlyList<TRow> rows, Func<TRow, TValue> select)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = select(rows[i]);
        parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | elementType });
    }
}
