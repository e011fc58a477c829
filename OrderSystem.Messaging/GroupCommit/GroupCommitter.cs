using System.Collections.Concurrent;
using System.Threading.Channels;
using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Telemetry;

namespace OrderSystem.Messaging.GroupCommit;

/// <summary>
/// Group commit: writes that arrive while a commit is in flight share the next transaction and its round trip. A row that fails, or that
/// another session holds locked, affects only its own caller.
/// </summary>
public sealed partial class GroupCommitter : BackgroundService
{
    /// <summary>How long a batch waits for a row lock before its writes are separated. A commit of another service takes less.</summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a piggybacked write waits for the commit of another caller.</summary>
    private static readonly TimeSpan MaxPiggybackDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>Null flushes piggybacked writes whose maximum delay has elapsed.</summary>
    private readonly Channel<PendingWrite?> queue = Channel.CreateUnbounded<PendingWrite?>(new() { SingleReader = true });
    private readonly ConcurrentQueue<PendingWrite> piggybacked = new();
    private readonly NpgsqlDataSource database;
    private readonly CommittedEvents committed;
    private readonly GroupCommitterOptions settings;
    private readonly TimeProvider time;
    private readonly ILogger<GroupCommitter> logger;
    private readonly LockedRows locked;

    /// <summary>Writes that wait for the next batch, because another write to the same order is in this one.</summary>
    private readonly Queue<PendingWrite> deferred = new();
    private readonly HashSet<Guid> keys = [];

    private int waiting;
    private int piggybackedCount;

    public GroupCommitter(
        NpgsqlDataSource database, CommittedEvents committed,
        IOptions<GroupCommitterOptions> options, TimeProvider time, ILogger<GroupCommitter> logger)
    {
        (this.database, this.committed, settings, this.time, this.logger) = (database, committed, options.Value, time, logger);
        locked = new(CommitSeparatelyAsync, time);
    }

    /// <summary>Writes the row and waits until it is committed.</summary>
    /// <exception cref="CommitQueueFullException">The queue is full (backpressure); nothing was written.</exception>
    /// <exception cref="NpgsqlException">The row failed, or the connection was lost: then the outcome is unknown.</exception>
    /// <exception cref="TimeoutException">The database did not answer in time: the outcome is unknown.</exception>
    public async Task<TResult> WriteAsync<TRow, TResult>(BatchedWrite<TRow, TResult> kind, TRow row)
    {
        using var activity = MessagingTelemetry.Source.StartActivity(kind.SpanName);
        PendingWrite<TRow, TResult>? write = null;
        if (Interlocked.Increment(ref waiting) > settings.MaxWaiting)
        {
            Interlocked.Decrement(ref waiting);
            throw new CommitQueueFullException(settings.MaxWaiting);
        }

        try
        {
            write = new PendingWrite<TRow, TResult>(kind, row);
            if (!queue.Writer.TryWrite(write))
                throw new CommitQueueFullException(settings.MaxWaiting);
            return await write.Completion.WaitAsync(settings.MaxWait, time);
        }
        catch (Exception failure)
        {
            // Abandoned: a write whose turn has not come yet is never sent.
            write?.Fail(failure);
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    /// <summary>
    /// Piggybacks the row on the next commit, or flushes it with a commit of its own after the maximum delay. A failure is only logged.
    /// </summary>
    internal void Enqueue<TRow, TResult>(BatchedWrite<TRow, TResult> kind, TRow row)
    {
        piggybacked.Enqueue(new PendingWrite<TRow, TResult>(kind, row));
        var count = Interlocked.Increment(ref piggybackedCount);
        if (count == settings.MaxBatch)
            queue.Writer.TryWrite(null);
        else if (count == 1)
            _ = FlushAsync();

        async Task FlushAsync()
        {
            await Task.Delay(MaxPiggybackDelay, time);
            if (Volatile.Read(ref piggybackedCount) > 0)
                queue.Writer.TryWrite(null);
        }
    }

    /// <summary>Accepts no more writes and returns when all accepted ones are committed.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        if (ExecuteTask is { } loop)
            await loop.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        locked.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var session = new CommitSession(database, committed, LockTimeout);
        var batch = new List<PendingWrite>();
        var isFull = false;
        while (isFull || deferred.Count > 0 || await queue.Reader.WaitToReadAsync(CancellationToken.None) || !piggybacked.IsEmpty)
        {
            Fill(batch);
            isFull = batch.Count >= settings.MaxBatch;
            if (batch.Count > 0)
                await CommitAsync(session, batch, waitsForLocks: false);

            // Under load a short linger lets the callers that were just completed join one batch; at low rates it would only add latency.
            if (batch.Count >= settings.LingerFrom && settings.Linger > TimeSpan.Zero)
                await Task.Delay(settings.Linger, time, CancellationToken.None);
            batch.Clear();
        }

        await locked.DrainAsync();
    }

    private void Fill(List<PendingWrite> batch)
    {
        keys.Clear();
        for (var i = deferred.Count; i > 0; i--)
            AddOrDefer(batch, deferred.Dequeue());
        while (batch.Count < settings.MaxBatch && queue.Reader.TryRead(out var write))
        {
            if (write is not null)
                AddOrDefer(batch, write);
        }

        // Reserves capacity for piggybacked writes; a busy queue would starve them and their events would be republished.
        for (var capacity = settings.MaxBatch; capacity > 0 && piggybacked.TryDequeue(out var write); capacity--)
        {
            Interlocked.Decrement(ref piggybackedCount);
            AddOrDefer(batch, write);
        }
    }

    private void AddOrDefer(List<PendingWrite> batch, PendingWrite write)
    {
        if (write.IsAbandoned)
            return;
        if (locked.Contains(write))
            locked.Take([write]);
        else if (write.Key == Guid.Empty || keys.Add(write.Key))
            batch.Add(write);
        else
            deferred.Enqueue(write);
    }

    private async Task CommitSeparatelyAsync(IReadOnlyList<PendingWrite> writes, bool waitsForLocks)
    {
        await using var session = new CommitSession(database, committed, waitsForLocks ? null : LockTimeout);
        await CommitAsync(session, writes, waitsForLocks);
    }

    private async Task CommitAsync(CommitSession session, IReadOnlyList<PendingWrite> writes, bool waitsForLocks)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await session.CommitAsync(writes);
                return;
            }
            catch (PostgresException failure) when (!waitsForLocks && failure.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                locked.Take([.. writes]);
                return;
            }
            catch (PostgresException failure) when (attempt < MaxAttempts(failure))
            {
                Log.Conflict(logger, failure.SqlState, writes.Count, attempt);
            }
            catch (PostgresException failure) when (PostgresErrors.IsAboutARow(failure) && writes.Count > 1)
            {
                // Bisect until the offending row is alone and fails only its own caller.
                var half = writes.Count / 2;
                await CommitAsync(session, [.. writes.Take(half)], waitsForLocks);
                await CommitAsync(session, [.. writes.Skip(half)], waitsForLocks);
                return;
            }
            catch (Exception failure)
            {
                if (PostgresErrors.IsUnavailable(failure))
                    Log.Unavailable(logger, failure.Message, writes.Count);
                else
                    Log.Failed(logger, failure, writes.Count);
                foreach (var write in writes)
                    write.Fail(failure);
                return;
            }
        }
    }

    private int MaxAttempts(PostgresException failure) =>
        PostgresErrors.IsOfTheSession(failure) ? 2 : PostgresErrors.IsRolledBackConflict(failure) ? settings.MaxConflicts : 1;

    private static partial class Log
    {
        [LoggerMessage(EventId = 1001, Level = LogLevel.Warning,
            Message = "Commit of {Count} writes rolled back ({SqlState}) at attempt {Attempt}; retrying.")]
        internal static partial void Conflict(ILogger logger, string sqlState, int count, int attempt);

        [LoggerMessage(EventId = 1005, Level = LogLevel.Warning,
            Message = "Database unavailable, {Count} writes not committed ({Error}); their callers are told to retry.")]
        internal static partial void Unavailable(ILogger logger, string error, int count);

        [LoggerMessage(EventId = 1002, Level = LogLevel.Error, Message = "Commit of {Count} writes failed; their callers get the error.")]
        internal static partial void Failed(ILogger logger, Exception failure, int count);
    }
}
