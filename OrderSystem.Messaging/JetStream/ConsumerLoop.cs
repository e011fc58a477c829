using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Pulls the messages of one durable consumer and handles a bounded number of them concurrently. It supervises itself: it restarts a pull
/// that ended, or that stalled while messages are pending, and ensures the topology before each.
/// </summary>
internal sealed partial class ConsumerLoop(
    ConsumerDeclaration consumer, MessageProcessor processor, INatsJSContext jetStream,
    TopologyProvisioner topology, JetStreamMonitor monitor, PositionKeeper position, PullGate gate,
    IOptions<JetStreamOptions> options, TimeProvider time, ILogger<ConsumerLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan ShortestBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

    /// <summary>Redelivery delay of messages that a stopped pull returns.</summary>
    private static readonly TimeSpan ReturnDelay = TimeSpan.FromSeconds(1);

    private readonly JetStreamOptions settings = options.Value;
    private readonly HandlerSlots slots = new(processor, options.Value, time, logger);
    private long received;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var timeout = cancellationToken.Register(slots.Abandon);
        var open = slots.Busy;
        await base.StopAsync(cancellationToken);
        if (open > 0)
            Log.Stopped(logger, consumer.Name, open, slots.Busy);
    }

    public override void Dispose()
    {
        slots.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = ShortestBackoff;
        while (!stoppingToken.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            try
            {
                await PullAsync(stoppingToken);
                if (stoppingToken.IsCancellationRequested || gate.IsSuspended || gate.IsPaused)
                    continue;
                Log.Ended(logger, consumer.Name, backoff.TotalSeconds);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                Log.Failed(logger, consumer.Name, failure.Message, backoff.TotalSeconds);
            }

            backoff = time.GetElapsedTime(started) > LongestBackoff
                ? ShortestBackoff
                : TimeSpan.FromTicks(Math.Min(backoff.Ticks * 2, LongestBackoff.Ticks));
            await Task.Delay(backoff, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Graceful shutdown: stop pulling, finish, acknowledge.
        await slots.DrainAsync();
    }

    private async Task PullAsync(CancellationToken stopping)
    {
        await gate.WhenUnpausedAsync(stopping);
        await jetStream.Connection.ConnectAsync().AsTask().WaitAsync(stopping);
        await topology.EnsureAsync(stopping);

        // A consumer that was just recreated continues where the old one had acknowledged, before the first message is pulled.
        if (!gate.IsSuspended)
            await position.KeepAsync(stopping);
        var pull = await jetStream.GetConsumerAsync(consumer.Stream, consumer.Name, stopping);
        if (gate.IsSuspended)
            await ProbeAsync(pull, stopping);
        else
            await ConsumeAsync(pull, stopping);
    }

    private async Task ConsumeAsync(INatsJSConsumer pull, CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping, gate.Stopping);
        var watchdog = WatchAsync(ended);
        Log.Pulling(logger, consumer.Name);
        try
        {
            // Draining: when pulling stops, prefetched messages still arrive here and are returned at once instead of after AckWait.
            var consume = new NatsJSConsumeOpts
            {
                MaxMsgs = settings.Prefetch,
                Expires = TimeSpan.FromSeconds(30),
                IdleHeartbeat = TimeSpan.FromSeconds(5),
                DrainOnCancel = true,
            };
            await foreach (var message in pull.ConsumeAsync(NatsRawSerializer<byte[]>.Default, consume, ended.Token))
            {
                Interlocked.Increment(ref received);
                var arrived = time.GetUtcNow();
                if (ended.IsCancellationRequested || !await TakeSlotAsync(ended.Token))
                    await message.NakAsync(new AckOpts { NakDelay = ReturnDelay + gate.Remaining }, CancellationToken.None);
                else
                    _ = slots.HandleAsync(message, arrived);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
        }
        finally
        {
            await ended.CancelAsync();
            await watchdog;
        }
    }

    private async Task<bool> TakeSlotAsync(CancellationToken ended)
    {
        try
        {
            await slots.TakeAsync(ended);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// Half open: after the break handles one message at a time, whose success closes the circuit. A probe that does not end in time
    /// is abandoned for the next.
    /// </summary>
    private async Task ProbeAsync(INatsJSConsumer pull, CancellationToken stopping)
    {
        Log.Suspended(logger, consumer.Name, gate.Remaining.TotalSeconds, gate.Reason);
        await Task.Delay(gate.Remaining, time, stopping);
        while (gate.IsSuspended && !gate.IsPaused && gate.Remaining == TimeSpan.Zero)
        {
            var message = await pull.NextAsync(
                NatsRawSerializer<byte[]>.Default, new NatsJSNextOpts { Expires = TimeSpan.FromSeconds(5) }, stopping);
            if (message is null)
                continue;
            await slots.TakeAsync(stopping);
            await slots.HandleAsync(message, time.GetUtcNow()).WaitAsync(slots.LongestHandling, time, stopping);
        }
    }

    /// <summary>
    /// Ends a pull whose consumer no longer exists, or that delivers nothing although messages are pending: the
    /// server does not always end it.
    /// </summary>
    private async Task WatchAsync(CancellationTokenSource ended)
    {
        try
        {
            // The poll in flight may have begun before this pull.
            await monitor.NextAsync(ended.Token);
            Interlocked.Exchange(ref received, 0);
            while (!MustRestart((await monitor.NextAsync(ended.Token)).Consumer))
            {
            }

            await ended.CancelAsync();
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
        }
    }

    private bool MustRestart(ConsumerState? info)
    {
        var delivered = Interlocked.Exchange(ref received, 0);
        if (info is null)
        {
            Log.Gone(logger, consumer.Name, "not found");
            return true;
        }

        var isStalled = delivered == 0 && info.Pending > 0 && slots.Busy == 0 && info.AckPending < settings.MaxAckPending;
        if (isStalled)
            Log.Stalled(logger, consumer.Name, info.Pending);
        return isStalled;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1401, Level = LogLevel.Information, Message = "Consumer {Consumer} is pulling messages.")]
        internal static partial void Pulling(ILogger logger, string consumer);

        [LoggerMessage(EventId = 1402, Level = LogLevel.Warning,
            Message = "Consumer {Consumer} stopped delivering; restarting the pull in {Seconds:0.#} s.")]
        internal static partial void Ended(ILogger logger, string consumer, double seconds);

        [LoggerMessage(EventId = 1403, Level = LogLevel.Warning,
            Message = "Consumer {Consumer} cannot be pulled from: {Error} Retrying in {Seconds:0.#} s.")]
        internal static partial void Failed(ILogger logger, string consumer, string error, double seconds);

        [LoggerMessage(EventId = 1408, Level = LogLevel.Information,
            Message = "Consumer {Consumer} stopped with {Open} messages in flight; {Left} were not finished and will be redelivered.")]
        internal static partial void Stopped(ILogger logger, string consumer, int open, int left);

        [LoggerMessage(EventId = 1409, Level = LogLevel.Warning,
            Message = "Dependency unavailable ({Dependency}): suspending {Consumer} for {Seconds:0.#} s, then probing with one message at "
                + "a time.")]
        internal static partial void Suspended(ILogger logger, string consumer, double seconds, string dependency);

        [LoggerMessage(EventId = 1410, Level = LogLevel.Warning,
            Message = "Consumer {Consumer} stalled with {Pending} pending messages; restarting the pull.")]
        internal static partial void Stalled(ILogger logger, string consumer, long pending);

        [LoggerMessage(EventId = 1411, Level = LogLevel.Error, Message = "Consumer {Consumer} no longer exists ({Error}); recreating it.")]
        internal static partial void Gone(ILogger logger, string consumer, string error);
    }
}
