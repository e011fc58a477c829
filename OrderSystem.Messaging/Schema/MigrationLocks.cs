using Npgsql;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.Schema;

/// <summary>
/// Takes the locks of a migration without blocking others. Statements queue behind one that waits for a table lock, for as long as
/// another session, such as a report, holds it. So a migration waits briefly, is rolled back, and retries. Once it has its locks, its
/// duration is not bounded.
/// </summary>
internal sealed class MigrationLocks : IAsyncDisposable
{
    /// <summary>How long statements may queue behind a migration at a time.</summary>
    private const string LockTimeout = "50ms";

    /// <summary>PostgreSQL cancels an autovacuum only for a session that has waited for a second (<c>deadlock_timeout</c>).</summary>
    private const string LockTimeoutForAutovacuum = "1500ms";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private readonly NpgsqlConnection migration;
    private readonly NpgsqlConnection watcher;
    private readonly TimeProvider time;

    private MigrationLocks(NpgsqlConnection migration, NpgsqlConnection watcher, TimeProvider time) =>
        (this.migration, this.watcher, this.time) = (migration, watcher, time);

    /// <summary>Opens a second session, which observes the lock waits of the migration's session.</summary>
    internal static async Task<MigrationLocks> OpenAsync(
        NpgsqlConnection migration, NpgsqlConnectionStringBuilder settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var second = new NpgsqlConnection(settings.ConnectionString);
        await second.OpenAsync(cancellationToken);
        return new(migration, second, time);
    }

    /// <summary>Runs one transaction of the migration; retries while another session holds a lock that it needs.</summary>
    /// <exception cref="StartupException">The lock was not released for minutes; the message names its holder.</exception>
    internal async Task RunAsync(string what, Func<Task> transaction, CancellationToken cancellationToken)
    {
        Holder? holder = null;
        for (var started = time.GetTimestamp(); ; await Task.Delay(Pause, time, cancellationToken))
        {
            await using (var bound = new NpgsqlCommand(
                $"SET lock_timeout = '{(holder is { IsAutovacuum: true } ? LockTimeoutForAutovacuum : LockTimeout)}'", migration))
                await bound.ExecuteNonQueryAsync(cancellationToken);
            var attempt = transaction();
            try
            {
                holder = await WatchAsync(attempt, cancellationToken) ?? holder;
                await attempt;
                return;
            }
            catch (PostgresException failure) when (failure.SqlState is PostgresErrorCodes.LockNotAvailable
                or PostgresErrorCodes.DeadlockDetected)
            {
                if (time.GetElapsedTime(started) >= LongestWait)
                    throw new StartupException(
                        $"{what} waited {LongestWait.TotalMinutes:0} minutes for a lock that {holder?.Name ?? "another session"} holds. "
                        + "Nothing of it was applied. End that session, or run migrate again when it has ended.");
            }
        }
    }

    /// <summary>Finds the holder of the lock while the attempt waits for it.</summary>
    private async Task<Holder?> WatchAsync(Task attempt, CancellationToken cancellationToken)
    {
        Holder? holder = null;
        while (!attempt.IsCompleted)
        {
            holder = await HolderAsync(cancellationToken) ?? holder;
            await Task.WhenAny(attempt, Task.Delay(LookEvery, TimeProvider.System, cancellationToken));
        }

        return holder;
    }

    /// <summary>
    /// The query start of other roles is visible only with pg_read_all_stats. A session without a role is a background worker.
    /// </summary>
    private async Task<Holder?> HolderAsync(CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT h.pid, coalesce(h.application_name, ''), coalesce(h.usename, ''),
                to_char(h.query_start AT TIME ZONE 'UTC', '", last query at "YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM pg_stat_activity m CROSS JOIN LATERAL unnest(pg_blocking_pids(m.pid)) AS b (pid) JOIN pg_stat_activity h ON h.pid = b.pid
            WHERE m.pid = $1 AND m.wait_event_type = 'Lock' ORDER BY h.query_start NULLS LAST LIMIT 1
            """;
        try
        {
            await using var query = new NpgsqlCommand(sql, watcher) { Parameters = { new() { Value = migration.ProcessID } } };
            await using var reader = await query.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken))
                return null;
            var (role, began) = (reader.GetString(2), await reader.IsDBNullAsync(3, cancellationToken) ? "" : reader.GetString(3));
            return new(
                role.Length == 0
                    ? $"an autovacuum (pid {reader.GetInt32(0)})"
                    : $"the session with pid {reader.GetInt32(0)} (application '{reader.GetString(1)}', role '{role}'{began})",
                role.Length == 0);
        }
        catch (NpgsqlException)
        {
            // The holder is only for the message.
            return null;
        }
    }

    public ValueTask DisposeAsync() => watcher.DisposeAsync();

    private sealed record Holder(string Name, bool IsAutovacuum);
}
