using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Outbox;

namespace OrderSystem.Messaging.Persistence;

/// <summary>
/// The one writer of a service. What arrives while a commit is under way goes together into the next transaction, in one round trip,
/// and is answered after it. A row that fails, or that another session holds locked, is a matter of its own caller only.
/// </summary>
public sealed partial class GroupCommitter : BackgroundService
{
    /// <summary>How long a batch waits for a row lock before its writes are tried apart from each other. The commit of another service takes less.</summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a write that nobody waits for may wait for a commit that somebody does.</summary>
    private static readonly TimeSpan LongestRide = TimeSpan.FromMilliseconds(20);

    /// <summary>Null is no write: it only says that passengers have waited long enough.</summary>
    private readonly Channel<PendingWrite?> queue = Channel.CreateUnbounded<PendingWrite?>(new() { SingleReader = true });
    private readonly ConcurrentQueue<PendingWrite> passengers = new();
    private readonly NpgsqlDataSource database;
    private readonly CommittedEvents committed;
    private readonly GroupCommitterOptions settings;
    private readonly TimeProvider time;
    private readonly ILogger<GroupCommitter> logger;
    private readonly LockedRows locked;

    /// <summary>Writes that were put off because another write to the same order is in the batch that is being built.</summary>
    private readonly Queue<PendingWrite> deferred = new();
    private readonly HashSet<Guid> keys = [];

    private int waiting;
    private int riding;

    public GroupCommitter(NpgsqlDataSource database, CommittedEvents committed, IOptions<GroupCommitterOptions> options, TimeProvider time, ILogger<GroupCommitter> logger)
    {
        (this.database, this.committed, settings, this.time, this.logger) = (database, committed, options.Value, time, logger);
        locked = new(CommitBesideAsync, time);
    }

    /// <summary>Writes the row and waits until it is committed.</summary>
    /// <exception cref="CommitQueueFullException">More callers wait than the queue may hold; nothing was written.</exception>
    /// <exception cref="NpgsqlException">The row failed, or the database could not be reached: then it may be written or not.</exception>
    /// <exception cref="TimeoutException">The database did not answer for too long: it may be written or not.</exception>
    public async Task<TResult> WriteAsync<TRow, TResult>(GroupWrite<TRow, TResult> kind, TRow row)
    {
        using var activity = MessagingTelemetry.Source.StartActivity($"commit {kind.Name}");
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
            return await write.Outcome.WaitAsync(settings.MaxWait, time);
        }
        catch (Exception failure)
        {
            // Behind a commit that hangs it would wait for that one and then for its own; if its turn has not come it is not written at all.
            write?.Fail(failure);
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    /// <summary>Writes the row with the next commit, or with one of its own a moment later: it costs none while there are others. Nobody waits for it, and a failure is only logged.</summary>
    internal void Post<TRow, TResult>(GroupWrite<TRow, TResult> kind, TRow row)
    {
        passengers.Enqueue(new PendingWrite<TRow, TResult>(kind, row));
        var count = Interlocked.Increment(ref riding);
        if (count == settings.MaxBatch)
            queue.Writer.TryWrite(null);
        else if (count == 1)
            _ = CallAsync();

        async Task CallAsync()
        {
            await Task.Delay(LongestRide, time);
            if (Volatile.Read(ref riding) > 0)
                queue.Writer.TryWrite(null);
        }
    }

    /// <summary>Takes no more writes and returns when all that were taken are committed.</summary>
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
        while (isFull || deferred.Count > 0 || await queue.Reader.WaitToReadAsync(CancellationToken.None) || !passengers.IsEmpty)
        {
            Fill(batch);
            isFull = batch.Count >= settings.MaxBatch;
            if (batch.Count > 0)
                await CommitAsync(session, batch, isPatient: false);

            // Under load a short wait lets the callers that were just answered come back together; at low rates it would only delay.
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

        // Room of their own: a queue that is never empty would leave them none, and their events would be sent again.
        for (var room = settings.MaxBatch; room > 0 && passengers.TryDequeue(out var passenger); room--)
        {
            Interlocked.Decrement(ref riding);
            AddOrDefer(batch, passenger);
        }
    }

    private void AddOrDefer(List<PendingWrite> batch, PendingWrite write)
    {
        if (write.IsGivenUp)
            return;
        if (locked.Contains(write))
            locked.Take([write]);
        else if (write.Key == Guid.Empty || keys.Add(write.Key))
            batch.Add(write);
        else
            deferred.Enqueue(write);
    }

    private async Task CommitBesideAsync(IReadOnlyList<PendingWrite> writes, bool isPatient)
    {
        await using var session = new CommitSession(database, committed, isPatient ? null : LockTimeout);
        await CommitAsync(session, writes, isPatient);
    }

    private async Task CommitAsync(CommitSession session, IReadOnlyList<PendingWrite> writes, bool isPatient)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await session.CommitAsync(writes);
                return;
            }
            catch (PostgresException failure) when (!isPatient && failure.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                locked.Take([.. writes]);
                return;
            }
            catch (PostgresException failure) when (attempt < (PostgresErrors.IsOfTheSession(failure) ? 2 : PostgresErrors.IsRolledBackConflict(failure) ? settings.MaxConflicts : 1))
            {
                Log.Conflict(logger, failure.SqlState, writes.Count, attempt);
            }
            catch (PostgresException failure) when (PostgresErrors.IsAboutARow(failure) && writes.Count > 1)
            {
                // One of them is to blame: halve until it stands alone, so that it fails only its own caller.
                var half = writes.Count / 2;
                await CommitAsync(session, [.. writes.Take(half)], isPatient);
                await CommitAsync(session, [.. writes.Skip(half)], isPatient);
                return;
            }
            catch (Exception failure)
            {
                if (PostgresErrors.IsUnavailable(failure))
                    Log.Away(logger, failure.Message, writes.Count);
                else
                    Log.Failed(logger, failure, writes.Count);
                foreach (var write in writes)
                    write.Fail(failure);
                return;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1001, Level = LogLevel.Warning, Message = "Commit of {Count} writes was rolled back ({SqlState}) at attempt {Attempt}; it is tried again.")]
        internal static partial void Conflict(ILogger logger, string sqlState, int count, int attempt);

        [LoggerMessage(EventId = 1005, Level = LogLevel.Warning, Message = "The database could not commit {Count} writes ({Error}); their callers are told to try again.")]
        internal static partial void Away(ILogger logger, string error, int count);

        [LoggerMessage(EventId = 1002, Level = LogLevel.Error, Message = "Commit of {Count} writes failed; their callers are told.")]
        internal static partial void Failed(ILogger logger, Exception failure, int count);
    }
}
