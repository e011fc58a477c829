using System.Collections.Concurrent;
using System.Data;
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
/// and is answered after it. A row that fails, fails only its own caller.
/// </summary>
public sealed partial class GroupCommitter(
    NpgsqlDataSource database, CommittedEvents committed, IOptions<GroupCommitterOptions> options, TimeProvider time, ILogger<GroupCommitter> logger)
    : BackgroundService
{
    /// <summary>How long a write that nobody waits for may wait for a commit that somebody does.</summary>
    private static readonly TimeSpan LongestRide = TimeSpan.FromMilliseconds(20);

    /// <summary>Null is no write: it only says that passengers have waited long enough.</summary>
    private readonly Channel<PendingWrite?> queue = Channel.CreateUnbounded<PendingWrite?>(new() { SingleReader = true });
    private readonly ConcurrentQueue<PendingWrite> passengers = new();
    private readonly GroupCommitterOptions settings = options.Value;

    /// <summary>Writes that were put off because another write to the same order is in the batch that is being built.</summary>
    private readonly Queue<PendingWrite> deferred = new();
    private readonly HashSet<Guid> keys = [];

    /// <summary>Kept from batch to batch: a session that comes out of the pool is reset before its first statement, which costs as much as a small batch.</summary>
    private NpgsqlConnection? session;
    private int waiting;
    private int riding;

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
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<PendingWrite>();
        var isFull = false;
        while (isFull || deferred.Count > 0 || await queue.Reader.WaitToReadAsync(CancellationToken.None) || !passengers.IsEmpty)
        {
            Fill(batch);
            isFull = batch.Count >= settings.MaxBatch;
            if (batch.Count > 0)
                await CommitAsync(batch);

            // Under load a short wait lets the callers that were just answered come back together; at low rates it would only delay.
            if (batch.Count >= settings.LingerFrom && settings.Linger > TimeSpan.Zero)
                await Task.Delay(settings.Linger, time, CancellationToken.None);
            batch.Clear();
        }

        await LeaveSessionAsync();
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
        if (write.Key == Guid.Empty || keys.Add(write.Key))
            batch.Add(write);
        else
            deferred.Enqueue(write);
    }

    private async Task CommitAsync(IReadOnlyList<PendingWrite> writes)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CommitOnceAsync(writes);
                return;
            }
            catch (PostgresException failure) when (PostgresErrors.IsRolledBackConflict(failure) && attempt < settings.MaxConflicts)
            {
                Log.Conflict(logger, failure.SqlState, writes.Count, attempt);
            }
            catch (PostgresException failure) when (PostgresErrors.IsAboutARow(failure) && writes.Count > 1)
            {
                // One of them is to blame: halve until it stands alone, so that it fails only its own caller.
                var half = writes.Count / 2;
                await CommitAsync([.. writes.Take(half)]);
                await CommitAsync([.. writes.Skip(half)]);
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

    private async Task CommitOnceAsync(IReadOnlyList<PendingWrite> writes)
    {
        var statements = new Dictionary<object, IStatement>(ReferenceEqualityComparer.Instance);
        foreach (var write in writes)
        {
            if (!statements.TryGetValue(write.Kind, out var statement))
                statements.Add(write.Kind, statement = write.NewStatement());
            statement.Add(write);
        }

        try
        {
            await RunAsync(statements.Values);
        }
        catch
        {
            await LeaveSessionAsync();
            throw;
        }

        foreach (var statement in statements.Values)
            statement.Succeed(committed.Add);
    }

    private async Task RunAsync(IReadOnlyCollection<IStatement> statements)
    {
        if (session is { FullState: not ConnectionState.Open })
            await LeaveSessionAsync();
        session ??= await database.OpenConnectionAsync(CancellationToken.None);

        // A batch without a transaction of its own is one: one round trip, all of it or nothing.
        await using var batch = new NpgsqlBatch(session);
        foreach (var statement in statements)
            batch.BatchCommands.Add(statement.ToCommand());
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        foreach (var statement in statements.Where(statement => statement.Answers))
        {
            // The reader stands on the first result that has rows, and moves from one of these to the next.
            await statement.ReadAsync(reader, CancellationToken.None);
            await reader.NextResultAsync(CancellationToken.None);
        }

        // Nobody is answered before the end of the transaction is read: an error at the commit itself stands there.
        while (await reader.NextResultAsync(CancellationToken.None))
        {
        }
    }

    private async Task LeaveSessionAsync()
    {
        var left = session;
        session = null;
        if (left is not null)
            await left.DisposeAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1001, Level = LogLevel.Warning, Message = "Commit of {Count} writes met a conflict ({SqlState}); attempt {Attempt}, tried again.")]
        internal static partial void Conflict(ILogger logger, string sqlState, int count, int attempt);

        [LoggerMessage(EventId = 1005, Level = LogLevel.Warning, Message = "The database could not commit {Count} writes ({Error}); their callers are told to try again.")]
        internal static partial void Away(ILogger logger, string error, int count);

        [LoggerMessage(EventId = 1002, Level = LogLevel.Error, Message = "Commit of {Count} writes failed; their callers are told.")]
        internal static partial void Failed(ILogger logger, Exception failure, int count);
    }
}
