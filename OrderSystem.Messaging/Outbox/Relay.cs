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
    private readonly RelayOptions settings = options.Value;
    private readonly SemaphoreSlim window = new(options.Value.InFlight);

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

    private async Task<int> RelayBatchAsync(CancellationToken stopping)
    {
        try
        {
            var events = await table.ClaimAsync(settings.BatchSize, settings.Lease, stopping);
            await Parallel.ForEachAsync(events, new ParallelOptions { MaxDegreeOfParallelism = settings.InFlight, CancellationToken = stopping }, RelayOneAsync);
            if (events.Count > 0)
                Log.Recovered(logger, events.Count);
            return events.Count;
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

    private async ValueTask RelayOneAsync(StoredEvent stored, CancellationToken stopping)
    {
        var result = await publisher.PublishAsync(stored, stopping);
        if (result.IsStored)
        {
            committer.Post(DeletePublished.Instance, stored);
        }
        else if (result.CanNeverSucceed)
        {
            Log.Parked(logger, stored.Type.Subject, stored.EventId, stored.OrderId, result.Error!);
            await table.ParkAsync(stored, result.Error!, stopping);
        }
        else
        {
            Log.LeftForLater(logger, stored.Type.Subject, stored.EventId, result.Error!);
            await table.PutOffAsync(stored, result.Error!, stopping);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Event {EventId} was not accepted on {Subject}: {Error}. It stays in the outbox and is tried again.")]
        internal static partial void LeftForLater(ILogger logger, string subject, Guid eventId, string error);

        [LoggerMessage(EventId = 1102, Level = LogLevel.Error, Message = "Event {EventId} of order {OrderId} can never be published on {Subject}: {Error}. It is parked in the outbox, and later events of the order wait behind it.")]
        internal static partial void Parked(ILogger logger, string subject, Guid eventId, Guid orderId, string error);

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
