using System.Globalization;
using NATS.Client.JetStream;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Connections;
using OrderSystem.Messaging.JetStream;

namespace OrderSystem.Messaging.Operations;

/// <summary>
/// One re-drive on its own database session. A session-level advisory lock excludes every other re-drive, in any process. The selected
/// events are in a temporary table of the session, so that a million of them need no memory here.
/// </summary>
internal sealed class RedriveSelection : IAsyncDisposable
{
    /// <summary>An arbitrary number that all re-drives share.</summary>
    private const long AdvisoryLock = 0x5265647269766573;

    private readonly NpgsqlConnection session;
    private (Guid OrderId, int Version) last;

    private RedriveSelection(NpgsqlConnection session) => this.session = session;

    /// <returns>Null when another re-drive of this database is running.</returns>
    internal static async Task<RedriveSelection?> TryBeginAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_lock({AdvisoryLock})", connection);
        if ((bool)(await command.ExecuteScalarAsync(cancellationToken))!)
            return new(connection);
        await connection.DisposeAsync();
        return null;
    }

    /// <summary>Selects the events, except those that already wait in the outbox.</summary>
    /// <returns>The number of selected events.</returns>
    internal async Task<long> FindAsync(
        RedriveRequest request, INatsJSContext jetStream, string stream, CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            """
            SET statement_timeout = 0;
            SET enable_seqscan = on;
            CREATE TEMP TABLE redrive_found (order_id uuid, version int, event_id uuid, PRIMARY KEY (order_id, version))
            """,
            cancellationToken);
        var since = request.Since;
        if (request.Missing)
        {
            // Events beyond the stream's retention took effect before they expired, and are not missing.
            var info = (await jetStream.Connection.AskAsync(
                token => jetStream.GetStreamAsync(stream, cancellationToken: token), cancellationToken)).Info;
            var kept = await NowAsync(cancellationToken) - info.Config.MaxAge;
            since = since > kept ? since : kept;
        }

        await using (var command = new NpgsqlCommand(
            """
            INSERT INTO redrive_found SELECT order_id, version, event_id FROM events e
            WHERE ($1 IS NULL OR occurred_at >= $1) AND ($2 IS NULL OR order_id = $2)
              AND NOT EXISTS (SELECT FROM outbox o WHERE o.order_id = e.order_id AND o.version = e.version)
            """,
            session) { CommandTimeout = 0 })
        {
            command.Parameters.Add(
                new NpgsqlParameter { Value = (object?)since?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
            command.Parameters.Add(
                new NpgsqlParameter { Value = (object?)request.OrderId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        // The stream is read after the outbox, so that an event that leaves the outbox meanwhile is found in the stream.
        if (request.Missing)
            await RemoveStreamedAsync(jetStream, stream, cancellationToken);
        await using var count = new NpgsqlCommand("SELECT count(*) FROM redrive_found", session) { CommandTimeout = 0 };
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Queues the next events under new message ids and records them, in one statement, in the order of their versions.</summary>
    /// <returns>How many events were taken, and how many of them were queued; the others already wait in the outbox.</returns>
    internal async Task<(int Taken, int Queued)> QueueAsync(
        int size, string asked, string by, string? traceId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            WITH next AS (
                SELECT order_id, version FROM redrive_found WHERE (order_id, version) > ($1, $2) ORDER BY order_id, version LIMIT $3),
            queued AS (
                INSERT INTO outbox (order_id, version, available_at, emission)
                SELECT order_id, version, now(), extract(epoch FROM now())::int FROM next ORDER BY order_id, version
                ON CONFLICT DO NOTHING
                RETURNING order_id, version),
            recorded AS (
                INSERT INTO redrives (order_id, event_id, type, asked, by, trace_id)
                SELECT order_id, event_id, type, $4, $5, $6 FROM queued JOIN events USING (order_id, version) ORDER BY order_id, version)
            SELECT order_id, version, count(*) OVER (), (SELECT count(*) FROM queued) FROM next ORDER BY order_id DESC, version DESC LIMIT 1
            """,
            session);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = last.OrderId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = last.Version });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = size });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = asked });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)traceId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            return default;
        last = (row.GetGuid(0), row.GetInt32(1));
        return ((int)row.GetInt64(2), (int)row.GetInt64(3));
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The pool would reset the session only when it is used again.
            await ExecuteAsync(
                $"""
                DROP TABLE IF EXISTS redrive_found, redrive_streamed;
                RESET statement_timeout;
                RESET enable_seqscan;
                SELECT pg_advisory_unlock({AdvisoryLock})
                """,
                CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // A broken session holds neither the lock nor the tables.
        }

        await session.DisposeAsync();
    }

    private async Task RemoveStreamedAsync(INatsJSContext jetStream, string stream, CancellationToken cancellationToken)
    {
        await ExecuteAsync("CREATE TEMP TABLE redrive_streamed (event_id uuid)", cancellationToken);
        await using (var copy = await session.BeginBinaryImportAsync(
            "COPY redrive_streamed (event_id) FROM STDIN (FORMAT binary)", cancellationToken))
        {
            await foreach (var message in jetStream.ScanAsync(stream, from: 1, cancellationToken))
            {
                if (!message.Headers.TryGetLastValue(DeadLetterFormat.EventId, out var text)
                    || !Guid.TryParse(text, CultureInfo.InvariantCulture, out var id))
                    continue;
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(id, NpgsqlDbType.Uuid, cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await ExecuteAsync(
            "ANALYZE redrive_streamed; DELETE FROM redrive_found f USING redrive_streamed s WHERE f.event_id = s.event_id",
            cancellationToken);
    }

    private async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT now()", session);
        return new((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!, TimeSpan.Zero);
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, session) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
