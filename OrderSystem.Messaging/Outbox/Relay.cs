using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.Messaging.Outbox;

/// <summary>
/// Publishes committed events: those of this process at once from memory, and from the outbox table those that a lost acknowledgement, a
/// crash or an outage left there. Relays run side by side without a leader.
/// </summary>
internal sealed partial class Relay(
    CommittedEvents committed, OutboxTable table, EventPublisher publisher,
    GroupCommitter committer, IOptions<RelayOptions> options, TimeProvider time, ILogger<Relay> logger)
    : BackgroundService
{
    private static readonly TimeSpan UnparkPeriod = TimeSpan.FromMinutes(1);
    private readonly RelayOptions settings = options.Value;
    private readonly SemaphoreSlim window = new(options.Value.InFlight);
    private long? unparkedAt;

    public override void Dispose()
    {
        window.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(RelayCommittedAsync(stoppingToken), RelayTableAsync(stoppingToken))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Waits for the acknowledgements in flight: without them the rows would be published again after the next start.
        for (var i = 0; i < settings.InFlight; i++)
            await window.WaitAsync(CancellationToken.None);
    }

    private async Task RelayCommittedAsync(CancellationToken stopping)
    {
        await foreach (var stored in committed.Direct.ReadAllAsync(stopping))
        {
            // Without a connection the row waits in the table.
            if (!publisher.IsConnected)
                continue;
            await window.WaitAsync(stopping);
            _ = PublishFromMemoryAsync(stored);
        }
    }

    private async Task PublishFromMemoryAsync(StoredEvent stored)
    {
        try
        {
            var result = await publisher.PublishAsync(stored, CancellationToken.None);
            if (result.IsStored)
                committer.Enqueue(DeletePublished.Write, stored);
            else
                Log.NotStored(logger, stored.Type.Subject, stored.EventId, result.Error!);
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

    /// <summary>Waits for the next poll, or for a commit that has put an event into the table.</summary>
    private async Task WaitAsync(TimeSpan poll, CancellationToken stopping)
    {
        await committed.TableSignal.WaitAsync(poll, time, stopping);
        stopping.ThrowIfCancellationRequested();
    }

    /// <summary>During a rolling upgrade, or after a rollback, instances of several releases share the table.</summary>
    private async Task UnparkAsync(CancellationToken stopping)
    {
        if (unparkedAt is { } last && time.GetElapsedTime(last) < UnparkPeriod)
            return;
        unparkedAt = time.GetTimestamp();
        if (await table.UnparkAsync(stopping) is > 0 and var count)
            Log.Unparked(logger, count);
    }

    private async Task<int> RelayBatchAsync(CancellationToken stopping)
    {
        try
        {
            await UnparkAsync(stopping);
            var rows = await table.LeaseAsync(settings.BatchSize, settings.Lease, stopping);
            var relayed = 0;
            await Parallel.ForEachAsync(
                rows,
                new ParallelOptions { MaxDegreeOfParallelism = settings.InFlight, CancellationToken = stopping },
                async (row, token) =>
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
            Log.TableUnavailable(logger, failure.Message);
            return 0;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            Log.TableFailed(logger, failure);
            return 0;
        }
    }

    /// <summary>Publishes one row; its failure does not affect the other rows of the batch.</summary>
    /// <returns>Whether the stream has stored the event.</returns>
    private async Task<bool> RelayOneAsync(LeasedRow row, CancellationToken stopping)
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
                committer.Enqueue(DeletePublished.Write, stored);
                return true;
            }

            if (result.CanNeverSucceed)
            {
                Log.Parked(logger, stored.Type.Subject, stored.EventId, stored.OrderId, result.Error!);
                await table.ParkAsync(stored.OrderId, stored.Version, result.Error!, stopping);
            }
            else
            {
                Log.NotStored(logger, stored.Type.Subject, stored.EventId, result.Error!);
                await table.BackOffAsync(stored, result.Error!, stopping);
            }
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            // Its lease expires, and a relay takes it again.
            Log.RowFailed(logger, failure, row.Version, row.OrderId);
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1101, Level = LogLevel.Warning,
            Message = "Publish of event {EventId} on {Subject} failed ({Error}); retrying from the outbox.")]
        internal static partial void NotStored(ILogger logger, string subject, Guid eventId, string error);

        [LoggerMessage(EventId = 1102, Level = LogLevel.Error,
            Message = "Event {EventId} of order {OrderId} can never be published on {Subject} ({Error}); parked in the outbox, later "
                + "events of the order wait behind it.")]
        internal static partial void Parked(ILogger logger, string subject, Guid eventId, Guid orderId, string error);

        [LoggerMessage(EventId = 1107, Level = LogLevel.Error,
            Message = "Event {Version} of order {OrderId} cannot be read ({Problem}); parked in the outbox, later events of the order wait "
                + "behind it.")]
        internal static partial void Unreadable(ILogger logger, int version, Guid orderId, string problem);

        [LoggerMessage(EventId = 1108, Level = LogLevel.Error,
            Message = "Publish of event {Version} of order {OrderId} failed unexpectedly; retrying from the outbox.")]
        internal static partial void RowFailed(ILogger logger, Exception failure, int version, Guid orderId);

        [LoggerMessage(EventId = 1109, Level = LogLevel.Information,
            Message = "Unparked {Count} events that an older release did not know; publishing them.")]
        internal static partial void Unparked(ILogger logger, int count);

        [LoggerMessage(EventId = 1103, Level = LogLevel.Information, Message = "Published {Count} events from the outbox table.")]
        internal static partial void Recovered(ILogger logger, int count);

        [LoggerMessage(EventId = 1104, Level = LogLevel.Error, Message = "Outbox poll failed; retrying.")]
        internal static partial void TableFailed(ILogger logger, Exception failure);

        [LoggerMessage(EventId = 1106, Level = LogLevel.Warning, Message = "Database unavailable, outbox not read ({Error}); retrying.")]
        internal static partial void TableUnavailable(ILogger logger, string error);

        [LoggerMessage(EventId = 1105, Level = LogLevel.Error,
            Message = "Publish of event {EventId} failed unexpectedly; retrying from the outbox.")]
        internal static partial void Unexpected(ILogger logger, Exception failure, Guid eventId);
    }
}
