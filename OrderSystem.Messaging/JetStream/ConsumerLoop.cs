using System.Collections.Concurrent;
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

    /// <summary>Everything that a handler calls has a deadline far below this.</summary>
    private TimeSpan LongestHandling => 4 * settings.AckWait;

    private readonly SemaphoreSlim slots = new(options.Value.Concurrency);

    /// <summary>What is being handled, and since when.</summary>
    private readonly ConcurrentDictionary<INatsJSMsg<byte[]>, long> inFlight = new(ReferenceEqualityComparer.Instance);

    /// <summary>Cancelled when the shutdown timeout is over: what is still in flight is then given up and delivered again.</summary>
    private readonly CancellationTokenSource abandon = new();
    private long received;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var giveUp = cancellationToken.Register(abandon.Cancel);
        var open = inFlight.Count;
        await base.StopAsync(cancellationToken);
        if (open > 0)
            Log.Stopped(logger, consumer.Name, open, inFlight.Count);
    }

    public override void Dispose()
    {
        slots.Dispose();
        abandon.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var heartbeat = time.CreateTimer(_ => SendProgress(), null, settings.AckWait / 3, settings.AckWait / 3);
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

        // Stop pulling, finish, acknowledge: every slot that comes free is a message that is settled.
        for (var i = 0; i < settings.Concurrency; i++)
            await slots.WaitAsync(abandon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
                    _ = ProcessAsync(message, arrived);
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
            await slots.WaitAsync(ended);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>One message at a time, once the break is over: whether it succeeds decides whether the gate opens.</summary>
    private async Task ProbeAsync(INatsJSConsumer pull, CancellationToken stopping)
    {
        Log.Suspended(logger, consumer.Name, gate.Remaining.TotalSeconds, gate.Reason);
        await Task.Delay(gate.Remaining, time, stopping);
        while (gate.IsClosed && !gate.IsPaused && gate.Remaining == TimeSpan.Zero)
        {
            var message = await pull.NextAsync(NatsRawSerializer<byte[]>.Default, new NatsJSNextOpts { Expires = TimeSpan.FromSeconds(5) }, stopping);
            if (message is null)
                continue;
            await slots.WaitAsync(stopping);
            await ProcessAsync(message, time.GetUtcNow());
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
                if (before > 0 || pull.Info.NumPending == 0 || !inFlight.IsEmpty || pull.Info.NumAckPending >= settings.MaxAckPending)
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

    private async Task ProcessAsync(INatsJSMsg<byte[]> message, DateTimeOffset arrived)
    {
        inFlight.TryAdd(message, time.GetTimestamp());
        try
        {
            await processor.ProcessAsync(message, arrived, abandon.Token);
        }
        catch (Exception failure)
        {
            // Not settled: the server delivers it again after AckWait.
            Log.NotSettled(logger, failure, message.Subject, message.Metadata?.Sequence.Stream ?? 0);
        }
        finally
        {
            GiveSlotBack(message);
        }
    }

    /// <summary>Once for each message: when it was handled, or when that takes too long.</summary>
    /// <returns>False when it was given back before.</returns>
    private bool GiveSlotBack(INatsJSMsg<byte[]> message)
    {
        if (!inFlight.TryRemove(message, out _))
            return false;
        slots.Release();
        return true;
    }

    /// <summary>Tells the server that what takes long is still under way. A handler that does not end holds no slot for ever: the server delivers its message again.</summary>
    private void SendProgress()
    {
        foreach (var (message, since) in inFlight)
        {
            if (time.GetElapsedTime(since) < LongestHandling)
                _ = SendAsync(message);
            else if (GiveSlotBack(message))
                Log.Stalled(logger, message.Subject, message.Metadata?.Sequence.Stream ?? 0, LongestHandling.TotalSeconds);
        }

        async Task SendAsync(INatsJSMsg<byte[]> message)
        {
            try
            {
                await message.AckProgressAsync(cancellationToken: abandon.Token);
            }
            catch (Exception failure) when (failure is NatsException or OperationCanceledException)
            {
                Log.ProgressFailed(logger, consumer.Name, failure.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1401, Level = LogLevel.Information, Message = "{Consumer} pulls messages.")]
        internal static partial void Pulling(ILogger logger, string consumer);

        [LoggerMessage(EventId = 1402, Level = LogLevel.Warning, Message = "{Consumer} stopped delivering; it is asked again in {Seconds:0.#} s.")]
        internal static partial void Ended(ILogger logger, string consumer, double seconds);

        [LoggerMessage(EventId = 1403, Level = LogLevel.Warning, Message = "{Consumer} cannot be pulled from: {Error} It is tried again in {Seconds:0.#} s.")]
        internal static partial void Failed(ILogger logger, string consumer, string error, double seconds);

        [LoggerMessage(EventId = 1406, Level = LogLevel.Warning, Message = "Message {Sequence} on {Subject} was not settled; the server delivers it again.")]
        internal static partial void NotSettled(ILogger logger, Exception failure, string subject, ulong sequence);

        [LoggerMessage(EventId = 1407, Level = LogLevel.Debug, Message = "{Consumer} could not send an in-progress acknowledgement: {Error}")]
        internal static partial void ProgressFailed(ILogger logger, string consumer, string error);

        [LoggerMessage(EventId = 1408, Level = LogLevel.Information, Message = "{Consumer} stopped with {Open} messages in flight; {Left} were left to be delivered again.")]
        internal static partial void Stopped(ILogger logger, string consumer, int open, int left);

        [LoggerMessage(EventId = 1409, Level = LogLevel.Warning, Message = "{Consumer} suspends pulling for {Seconds:0.#} s: {Dependency} is down. Then one message at a time may try.")]
        internal static partial void Suspended(ILogger logger, string consumer, double seconds, string dependency);

        [LoggerMessage(EventId = 1410, Level = LogLevel.Warning, Message = "{Consumer} brings nothing although {Pending} messages wait; it is pulled from anew.")]
        internal static partial void Silent(ILogger logger, string consumer, ulong pending);

        [LoggerMessage(EventId = 1412, Level = LogLevel.Error, Message = "Message {Sequence} on {Subject} was not handled within {Seconds:0} s; its slot is given to another, and the server delivers it again.")]
        internal static partial void Stalled(ILogger logger, string subject, ulong sequence, double seconds);

        [LoggerMessage(EventId = 1411, Level = LogLevel.Error, Message = "{Consumer} is gone ({Error}); it is made again.")]
        internal static partial void Gone(ILogger logger, string consumer, string error);
    }
}
