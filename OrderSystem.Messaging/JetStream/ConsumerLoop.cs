using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Pulls the messages of one durable consumer and has a bounded number of them handled at once. It is its own supervisor: a pull that ends,
/// or that is silent while messages wait, is begun again, and with it the topology is compared again.
/// </summary>
internal sealed partial class ConsumerLoop(
    ConsumerDeclaration consumer, MessageProcessor processor, INatsJSContext jetStream, TopologyProvisioner topology, PullGate gate,
    IOptions<JetStreamOptions> options, TimeProvider time, ILogger<ConsumerLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(10);

    /// <summary>Before what was handed back is delivered to another instance, or to this one after the break.</summary>
    private static readonly TimeSpan HandBackDelay = TimeSpan.FromSeconds(1);

    private readonly JetStreamOptions settings = options.Value;
    private readonly HandlerSlots slots = new(processor, options.Value, time, logger);
    private long received;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var giveUp = cancellationToken.Register(slots.Abandon);
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
        var rest = ShortestRest;
        while (!stoppingToken.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            try
            {
                await PullAsync(stoppingToken);
                if (stoppingToken.IsCancellationRequested || gate.IsClosed || gate.IsPaused)
                    continue;
                Log.Ended(logger, consumer.Name, rest.TotalSeconds);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                Log.Failed(logger, consumer.Name, failure.Message, rest.TotalSeconds);
            }

            rest = time.GetElapsedTime(started) > LongestRest ? ShortestRest : TimeSpan.FromTicks(Math.Min(rest.Ticks * 2, LongestRest.Ticks));
            await Task.Delay(rest, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Stop pulling, finish, acknowledge.
        await slots.DrainAsync();
    }

    private async Task PullAsync(CancellationToken stopping)
    {
        await gate.WhenResumedAsync(stopping);
        await jetStream.Connection.ConnectAsync().AsTask().WaitAsync(stopping);
        await topology.EnsureAsync(stopping);
        var pull = await jetStream.GetConsumerAsync(consumer.Stream, consumer.Name, stopping);
        if (gate.IsClosed)
            await ProbeAsync(pull, stopping);
        else
            await ConsumeAsync(pull, stopping);
    }

    private async Task ConsumeAsync(INatsJSConsumer pull, CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping, gate.Closing);
        var watchdog = WatchAsync(pull, ended);
        Log.Pulling(logger, consumer.Name);
        try
        {
            // Draining: when pulling stops, what is already on its way still arrives here, and is handed back at once instead of after AckWait.
            var consume = new NatsJSConsumeOpts { MaxMsgs = settings.Prefetch, Expires = TimeSpan.FromSeconds(30), IdleHeartbeat = TimeSpan.FromSeconds(5), DrainOnCancel = true };
            await foreach (var message in pull.ConsumeAsync(NatsRawSerializer<byte[]>.Default, consume, ended.Token))
            {
                Interlocked.Increment(ref received);
                var arrived = time.GetUtcNow();
                if (ended.IsCancellationRequested || !await TakeSlotAsync(ended.Token))
                    await message.NakAsync(new AckOpts { NakDelay = HandBackDelay + gate.Remaining }, CancellationToken.None);
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

    /// <summary>One message at a time, once the break is over: whether it succeeds decides whether the gate opens. One that does not end is no answer, and the next is tried.</summary>
    private async Task ProbeAsync(INatsJSConsumer pull, CancellationToken stopping)
    {
        Log.Suspended(logger, consumer.Name, gate.Remaining.TotalSeconds, gate.Reason);
        await Task.Delay(gate.Remaining, time, stopping);
        while (gate.IsClosed && !gate.IsPaused && gate.Remaining == TimeSpan.Zero)
        {
            var message = await pull.NextAsync(NatsRawSerializer<byte[]>.Default, new NatsJSNextOpts { Expires = TimeSpan.FromSeconds(5) }, stopping);
            if (message is null)
                continue;
            await slots.TakeAsync(stopping);
            await slots.HandleAsync(message, time.GetUtcNow()).WaitAsync(slots.LongestHandling, time, stopping);
        }
    }

    /// <summary>Ends a pull whose consumer is gone, or that brings nothing although messages wait: the server does not always say so.</summary>
    private async Task WatchAsync(INatsJSConsumer pull, CancellationTokenSource ended)
    {
        using var timer = new PeriodicTimer(WatchPeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                var before = Interlocked.Exchange(ref received, 0);
                await pull.RefreshAsync(ended.Token);
                if (before > 0 || pull.Info.NumPending == 0 || slots.Busy > 0 || pull.Info.NumAckPending >= settings.MaxAckPending)
                    continue;
                Log.Silent(logger, consumer.Name, pull.Info.NumPending);
                break;
            }
        }
        catch (NatsJSApiException gone)
        {
            Log.Gone(logger, consumer.Name, gone.Message);
        }
        catch (Exception failure) when (failure is NatsException or OperationCanceledException)
        {
            // The connection is away, or the pull has ended: neither is for the watchdog to judge.
            return;
        }

        await ended.CancelAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1401, Level = LogLevel.Information, Message = "{Consumer} pulls messages.")]
        internal static partial void Pulling(ILogger logger, string consumer);

        [LoggerMessage(EventId = 1402, Level = LogLevel.Warning, Message = "{Consumer} stopped delivering; it is asked again in {Seconds:0.#} s.")]
        internal static partial void Ended(ILogger logger, string consumer, double seconds);

        [LoggerMessage(EventId = 1403, Level = LogLevel.Warning, Message = "{Consumer} cannot be pulled from: {Error} It is tried again in {Seconds:0.#} s.")]
        internal static partial void Failed(ILogger logger, string consumer, string error, double seconds);

        [LoggerMessage(EventId = 1408, Level = LogLevel.Information, Message = "{Consumer} stopped with {Open} messages in flight; {Left} were left to be delivered again.")]
        internal static partial void Stopped(ILogger logger, string consumer, int open, int left);

        [LoggerMessage(EventId = 1409, Level = LogLevel.Warning, Message = "{Consumer} suspends pulling for {Seconds:0.#} s: {Dependency} is down. Then one message at a time may try.")]
        internal static partial void Suspended(ILogger logger, string consumer, double seconds, string dependency);

        [LoggerMessage(EventId = 1410, Level = LogLevel.Warning, Message = "{Consumer} brings nothing although {Pending} messages wait; it is pulled from anew.")]
        internal static partial void Silent(ILogger logger, string consumer, ulong pending);

        [LoggerMessage(EventId = 1411, Level = LogLevel.Error, Message = "{Consumer} is gone ({Error}); it is made again.")]
        internal static partial void Gone(ILogger logger, string consumer, string error);
    }
}
