using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.Messaging.Outbox;

/// <summary>
/// Brings committed events to their streams: at once what this process has just committed, and from the table what a lost
/// acknowledgement, a dead process or an outage left there. Any number of relays run side by side without a leader.
/// </summary>
internal sealed partial class Relay(
    CommittedEvents committed, OutboxTable table, EventPublisher publisher, GroupCommitter committer, IOptions<RelayOptions> options, TimeProvider time,
    ILogger<Relay> logger)
    : BackgroundService
{
    private static readonly TimeSpan BringBackPeriod = TimeSpan.FromMinutes(1);
    private readonly RelayOptions settings = options.Value;
    private readonly SemaphoreSlim window = new(options.Value.InFlight);
    private long? broughtBack;

    public override void Dispose()
    {
        window.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(RelayCommittedAsync(stoppingToken), RelayTableAsync(stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // What was sent is waited for: its acknowledgements delete rows that would be published again after the next start.
        for (var i = 0; i < settings.InFlight; i++)
            await window.WaitAsync(CancellationToken.None);
    }

    private async Task RelayCommittedAsync(CancellationToken stopping)
    {
        await foreach (var stored in committed.Direct.ReadAllAsync(stopping))
        {
            // Without a connection there is nothing to try: the row waits in the table until there is one.
            if (!publisher.IsConnected)
                continue;
            await window.WaitAsync(stopping);
            _ = PublishDirectlyAsync(stored);
        }
    }

    private async Task PublishDirectlyAsync(StoredEvent stored)
    {
        try
        {
            var result = await publisher.PublishAsync(stored, CancellationToken.None);
            if (result.IsStored)
                committer.Post(DeletePublished.Instance, stored);
            else
                Log.LeftForLater(logger, stored.Type.Subject, stored.EventId, result.Error!);
        }
        catch (Exception failure)
        {
            Log.Unexpected(logger, failure, stored.EventId);
        }
        finally
        {
            window.Release();
        }
    }

    private async Task RelayTableAsync(CancellationToken stopping)
    {
        var poll = settings.MinPoll;
        while (true)
        {
            var found = publisher.IsConnected ? await RelayBatchAsync(stopping) : 0;
            poll = found > 0 ? settings.MinPoll : TimeSpan.FromTicks(Math.Min(poll.Ticks * 2, settings.MaxPoll.Ticks));
            if (found < settings.BatchSize)
                await WaitAsync(poll, stopping);
        }
    }

    /// <summary>Waits for the poll to come due, or for a commit that says that there is something in the table.</summary>
    private async Task WaitAsync(TimeSpan poll, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(Task.Delay(poll, time, either.Token), committed.TableSignal.WaitToReadAsync(either.Token).AsTask());
        await either.CancelAsync();
        committed.TableSignal.TryRead(out _);
        stopping.ThrowIfCancellationRequested();
    }

    /// <summary>In the middle of a rolling upgrade, or after one that was rolled back, instances of several releases share the table.</summary>
    private async Task BringBackAsync(CancellationToken stopping)
    {
        if (broughtBack is { } last && time.GetElapsedTime(last) < BringBackPeriod)
            return;
        broughtBack = time.GetTimestamp();
        if (await table.BringBackAsync(stopping) is > 0 and var count)
            Log.BroughtBack(logger, count);
    }

    private async Task<int> RelayBatchAsync(CancellationToken stopping)
    {
        try
        {
            await BringBackAsync(stopping);
            var rows = await table.ClaimAsync(settings.BatchSize, settings.Lease, stopping);
            var relayed = 0;
            await Parallel.ForEachAsync(rows, new ParallelOptions { MaxDegreeOfParallelism = settings.InFlight, CancellationToken = stopping }, async (row, token) =>
            {
                if (await RelayOneAsync(row, token))
                    Interlocked.Increment(ref relayed);
            });
            if (relayed > 0)
                Log.Recovered(logger, relayed);
            return rows.Count;
        }
        catch (Exception failure) when (PostgresErrors.IsUnavailable(failure) && !stopping.IsCancellationRequested)
        {
            Log.TableAway(logger, failure.Message);
            return 0;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            Log.TableFailed(logger, failure);
            return 0;
        }
    }

    /// <summary>Whatever becomes of one row, the others that were claimed with it go on.</summary>
    /// <returns>Whether its event is in its stream.</returns>
    private async Task<bool> RelayOneAsync(ClaimedRow row, CancellationToken stopping)
    {
        try
        {
            if (row.Event is not { } stored)
            {
                Log.Unreadable(logger, row.Version, row.OrderId, row.Problem!);
                await table.ParkAsync(row.OrderId, row.Version, row.Problem!, stopping);
                return false;
            }

            var result = await publisher.PublishAsync(stored, stopping);
            if (result.IsStored)
            {
                committer.Post(DeletePublished.Instance, stored);
                return true;
            }

            if (result.CanNeverSucceed)
            {
                Log.Parked(logger, stored.Type.Subject, stored.EventId, stored.OrderId, result.Error!);
                await table.ParkAsync(stored.OrderId, stored.Version, result.Error!, stopping);
            }
            else
            {
                Log.LeftForLater(logger, stored.Type.Subject, stored.EventId, result.Error!);
                await table.PutOffAsync(stored, result.Error!, stopping);
            }
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            // Its lease ends, and it is claimed again.
            Log.RowFailed(logger, failure, row.Version, row.OrderId);
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Event {EventId} was not accepted on {Subject}: {Error}. It stays in the outbox and is tried again.")]
        internal static partial void LeftForLater(ILogger logger, string subject, Guid eventId, string error);

        [LoggerMessage(EventId = 1102, Level = LogLevel.Error, Message = "Event {EventId} of order {OrderId} can never be published on {Subject}: {Error}. It is parked in the outbox, and later events of the order wait behind it.")]
        internal static partial void Parked(ILogger logger, string subject, Guid eventId, Guid orderId, string error);

        [LoggerMessage(EventId = 1107, Level = LogLevel.Error, Message = "Event {Version} of order {OrderId} cannot be read: {Problem}. It is parked in the outbox, and later events of the order wait behind it.")]
        internal static partial void Unreadable(ILogger logger, int version, Guid orderId, string problem);

        [LoggerMessage(EventId = 1108, Level = LogLevel.Error, Message = "Event {Version} of order {OrderId} could not be relayed; it stays in the outbox and is tried again.")]
        internal static partial void RowFailed(ILogger logger, Exception failure, int version, Guid orderId);

        [LoggerMessage(EventId = 1109, Level = LogLevel.Information, Message = "{Count} events that an older release did not know are taken out of their parking and published.")]
        internal static partial void BroughtBack(ILogger logger, int count);

        [LoggerMessage(EventId = 1103, Level = LogLevel.Information, Message = "Relayed {Count} events that had waited in the outbox.")]
        internal static partial void Recovered(ILogger logger, int count);

        [LoggerMessage(EventId = 1104, Level = LogLevel.Error, Message = "The outbox could not be read; its events wait, and it is tried again.")]
        internal static partial void TableFailed(ILogger logger, Exception failure);

        [LoggerMessage(EventId = 1106, Level = LogLevel.Warning, Message = "The outbox cannot be read now ({Error}); its events wait, and it is tried again.")]
        internal static partial void TableAway(ILogger logger, string error);

        [LoggerMessage(EventId = 1105, Level = LogLevel.Error, Message = "Publishing event {EventId} failed unexpectedly; it stays in the outbox.")]
        internal static partial void Unexpected(ILogger logger, Exception failure, Guid eventId);
    }
}
