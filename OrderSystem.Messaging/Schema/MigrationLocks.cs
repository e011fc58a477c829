using Npgsql;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.Schema;

/// <summary>
/// Takes the locks of a migration without blocking others. Statements queue behind one that waits for a table lock, for as long as
/// another session, such as a report, holds it. So a migration waits briefly, is rolled back, and retries. Once it has its locks, its
/// duration is not bounded. What it waits for is written to <c>progress</c>, a line each.
/// </summary>
internal sealed class MigrationLocks : IAsyncDisposable
{
    /// <summary>Arbitrary, but the same in every migrator.</summary>
    private const long OneMigration = 0x4F726465725379;

    /// <summary>How long statements may queue behind a migration at a time.</summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMilliseconds(50);

    /// <summary>PostgreSQL cancels an autovacuum only for a session that has waited for a second (<c>deadlock_timeout</c>).</summary>
    private static readonly TimeSpan LockTimeoutForAutovacuum = TimeSpan.FromMilliseconds(1500);

    /// <summary>The pause after the first attempt; the others double it up to the longest one.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>How often a wait for minutes is looked at, which locks the lock table of the server for a moment.</summary>
    private static readonly TimeSpan LookAtLongWaitEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>A holder is reported after this time: a busy table has another one every few milliseconds.</summary>
    private static readonly TimeSpan ReportAfter = TimeSpan.FromSeconds(5);

    private readonly NpgsqlConnection migration;
    private readonly NpgsqlConnection watcher;
    private readonly TimeProvider time;
    private readonly TextWriter progress;

    private MigrationLocks(NpgsqlConnection migration, NpgsqlConnection watcher, TimeProvider time, TextWriter progress) =>
        (this.migration, this.watcher, this.time, this.progress) = (migration, watcher, time, progress);

    /// <summary>Opens a second session, which observes the lock waits of the migration's session.</summary>
    internal static async Task<MigrationLocks> OpenAsync(
        NpgsqlConnection migration, NpgsqlConnectionStringBuilder settings, TimeProvider time, TextWriter progress,
        CancellationToken cancellationToken)
    {
        var second = new NpgsqlConnection(settings.ConnectionString);
        await second.OpenAsync(cancellationToken);
        return new(migration, second, time, progress);
    }

    /// <summary>
    /// Waits until no other migration of this database runs, not even the session of one whose process was killed. It asks repeatedly:
    /// a wait within <c>pg_advisory_lock</c> has a snapshot, which an index that the other one builds CONCURRENTLY would wait for.
    /// </summary>
    internal async Task ExcludeOthersAsync(CancellationToken cancellationToken)
    {
        for (LockHolder? reported = null; ; await Task.Delay(LookAtLongWaitEvery, time, cancellationToken))
        {
            await using var attempt = new NpgsqlCommand($"SELECT pg_try_advisory_lock({OneMigration})", migration);
            if (await attempt.ExecuteScalarAsync(cancellationToken) is true)
                return;
            if (await LockHolder.OfAdvisoryLockAsync(watcher, OneMigration, cancellationToken) is { } other && other.Pid != reported?.Pid)
            {
                reported = other;
                await progress.WriteLineAsync($"migrate: this migration waits until another one of this database ends: {other.Name}.");
            }
        }
    }

    /// <summary>Runs one step of the migration; retries while another session holds a lock that it needs.</summary>
    /// <param name="what">Its name in messages.</param>
    /// <param name="step">Has no effect if it fails, or one that a retry continues.</param>
    /// <param name="isConcurrent">
    /// Its waits block no other session, so that one attempt may wait for minutes: that of an index ends with the transactions before it.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="StartupException">The lock was not released for minutes; the message names its holder.</exception>
    internal async Task RunAsync(string what, Func<Task> step, bool isConcurrent, CancellationToken cancellationToken)
    {
        LockHolder? holder = null;
        var (waited, pause) = (TimeSpan.Zero, FirstPause);
        while (true)
        {
            var timeout = isConcurrent ? LongestWait : holder is { IsAutovacuum: true } ? LockTimeoutForAutovacuum : LockTimeout;
            await using (var bound = new NpgsqlCommand($"SET lock_timeout = '{timeout.TotalMilliseconds:0}ms'", migration))
                await bound.ExecuteNonQueryAsync(cancellationToken);
            var attempt = step();
            try
            {
                holder = await WatchAsync(what, attempt, isConcurrent, cancellationToken) ?? holder;
                await attempt;
                return;
            }
            catch (PostgresException failure) when (failure.SqlState is PostgresErrorCodes.LockNotAvailable
                or PostgresErrorCodes.DeadlockDetected)
            {
                if (failure.SqlState == PostgresErrorCodes.LockNotAvailable)
                    waited += timeout;
                if (waited >= LongestWait)
                    throw new StartupException(
                        $"{what} waited {LongestWait.TotalMinutes:0} minutes for a lock that {holder?.Name ?? "another session"} holds. "
                        + "End that session, or wait for its end, and run migrate again.");
            }

            await progress.WriteLineAsync(
                $"migrate: {what} needs a lock that {holder?.Name ?? "another session"} holds. It blocks no other session meanwhile, "
                + $"and tries again in {pause.TotalSeconds:0} s.");
            var paused = time.GetTimestamp();
            await Task.Delay(pause, time, cancellationToken);
            waited += time.GetElapsedTime(paused);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Finds the holder of the lock while the attempt waits for it.</summary>
    private async Task<LockHolder?> WatchAsync(string what, Task attempt, bool isConcurrent, CancellationToken cancellationToken)
    {
        LockHolder? holder = null;
        var (since, isReported) = (time.GetTimestamp(), false);
        while (!attempt.IsCompleted)
        {
            if (await LockHolder.OfWaitAsync(watcher, migration.ProcessID, cancellationToken) is { } found)
            {
                if (found.Pid != holder?.Pid)
                    (since, isReported) = (time.GetTimestamp(), false);
                holder = found;
                if (isConcurrent && !isReported && time.GetElapsedTime(since) >= ReportAfter)
                {
                    isReported = true;
                    await progress.WriteLineAsync(
                        $"migrate: {what} waits until the transaction of {found.Name} ends. It blocks no other session meanwhile.");
                }
            }

            await Task.WhenAny(attempt, Task.Delay(isConcurrent ? LookAtLongWaitEvery : LookEvery, TimeProvider.System, cancellationToken));
        }

        return holder;
    }

    public ValueTask DisposeAsync() => watcher.DisposeAsync();
}
