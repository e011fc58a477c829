using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Pulls the messages of one durable consumer and handles a bounded number of them at once. It is its own supervisor: a loop that ends,
/// for whatever reason, is started again.
/// </summary>
internal sealed partial class ConsumerLoop(
    ConsumerDeclaration consumer, EventRoutes routes, IServiceProvider services, INatsJSContext jetStream, TopologyProvisioner topology, DeadLetters deadLetters,
    IOptions<JetStreamOptions> options, MessagingMetrics metrics, TimeProvider time, ILogger<ConsumerLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(30);

    /// <summary>Deliveries after which an unexpected failure is no longer repeated.</summary>
    private const int MaxDeliveries = 12;

    private readonly JetStreamOptions settings = options.Value;
    private readonly SemaphoreSlim slots = new(options.Value.Concurrency);
    private readonly ConcurrentDictionary<INatsJSMsg<byte[]>, long> inFlight = new(ReferenceEqualityComparer.Instance);

    /// <summary>Cancelled when the shutdown timeout is over: what is still in flight is then given up and delivered again.</summary>
    private readonly CancellationTokenSource abandon = new();

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
                Log.Ended(logger, consumer.Name, rest.TotalSeconds);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
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
        await topology.EnsureAsync(stopping);
        var pull = await jetStream.GetConsumerAsync(consumer.Stream, consumer.Name, stopping);
        Log.Pulling(logger, consumer.Name);
        var consume = new NatsJSConsumeOpts { MaxMsgs = settings.Prefetch, Expires = TimeSpan.FromSeconds(30), IdleHeartbeat = TimeSpan.FromSeconds(5) };
        await foreach (var message in pull.ConsumeAsync(NatsRawSerializer<byte[]>.Default, consume, stopping))
        {
            await slots.WaitAsync(stopping);
            _ = ProcessAsync(message);
        }
    }

    private async Task ProcessAsync(INatsJSMsg<byte[]> message)
    {
        inFlight.TryAdd(message, 0);
        try
        {
            await ProcessTracedAsync(message);
        }
        catch (Exception failure)
        {
            // Not settled: the server delivers it again after AckWait.
            Log.NotSettled(logger, failure, message.Subject, message.Metadata?.Sequence.Stream ?? 0);
        }
        finally
        {
            inFlight.TryRemove(message, out _);
            slots.Release();
        }
    }

    private async Task ProcessTracedAsync(INatsJSMsg<byte[]> message)
    {
        using var activity = MessagingTelemetry.Source.StartActivity(
            ActivityKind.Consumer, CloudEvent.ReadCreationContext(message.Headers), name: $"process {message.Subject}");
        var started = Stopwatch.GetTimestamp();
        var result = await HandleAsync(message, activity);
        metrics.Processed(message.Subject, consumer.Name, Stopwatch.GetElapsedTime(started), result.Kind);
        if (result.Kind != HandlingResult.Verdict.Done)
            activity?.SetStatus(ActivityStatusCode.Error, result.Reason);
        await SettleAsync(message, result);
    }

    private async Task<HandlingResult> HandleAsync(INatsJSMsg<byte[]> message, Activity? activity)
    {
        if (!ReceivedEnvelope.TryRead(message, out var envelope, out var problem))
            return HandlingResult.Reject(problem);
        if (activity is { IsAllDataRequested: true })
        {
            MessagingTelemetry.Describe(activity, "process", message.Subject, envelope.OrderId, envelope.EventId, message.Data?.Length ?? 0);
            activity.SetTag("messaging.consumer.group.name", consumer.Name);
            activity.SetTag("messaging.nats.delivery", envelope.Delivery);
        }

        try
        {
            return await routes.HandleAsync(services, envelope, message.Data, abandon.Token);
        }
        catch (Exception failure) when (!abandon.IsCancellationRequested)
        {
            activity?.AddException(failure);
            if (envelope.Delivery >= MaxDeliveries && !Persistence.PostgresErrors.IsUnavailable(failure))
                return HandlingResult.Reject($"failed {envelope.Delivery} times, at last: {failure.Message}");
            Log.HandlerFailed(logger, failure, message.Subject, envelope.EventId, envelope.Delivery);
            return HandlingResult.Retry(Backoff(envelope.Delivery), failure.Message);
        }
    }

    private async Task SettleAsync(INatsJSMsg<byte[]> message, HandlingResult result)
    {
        switch (result.Kind)
        {
            case HandlingResult.Verdict.Done:
                await message.AckAsync(cancellationToken: abandon.Token);
                break;
            case HandlingResult.Verdict.Retry:
                var delay = Jitter(result.Delay);
                Log.Retried(logger, message.Subject, message.Metadata!.Value.Sequence.Stream, delay.TotalSeconds, result.Reason!);
                await message.NakAsync(new AckOpts { NakDelay = delay }, abandon.Token);
                break;
            default:
                await deadLetters.KeepAsync(message, result.Reason!, abandon.Token);
                break;
        }
    }

    /// <summary>Tells the server that what takes long is still under way.</summary>
    private void SendProgress()
    {
        foreach (var message in inFlight.Keys)
            _ = SendAsync(message);

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

    private static TimeSpan Backoff(int delivery) => TimeSpan.FromSeconds(Math.Min(300, Math.Pow(2, Math.Min(delivery, 9))));

    /// <summary>± 20 %, so that what failed together does not come back together.</summary>
    private static TimeSpan Jitter(TimeSpan delay) => delay * (0.8 + (Random.Shared.NextDouble() * 0.4));

    private static partial class Log
    {
        [LoggerMessage(EventId = 1401, Level = LogLevel.Information, Message = "{Consumer} pulls messages.")]
        internal static partial void Pulling(ILogger logger, string consumer);

        [LoggerMessage(EventId = 1402, Level = LogLevel.Warning, Message = "{Consumer} stopped delivering; it is asked again in {Seconds:0.#} s.")]
        internal static partial void Ended(ILogger logger, string consumer, double seconds);

        [LoggerMessage(EventId = 1403, Level = LogLevel.Warning, Message = "{Consumer} cannot be pulled from: {Error} It is tried again in {Seconds:0.#} s.")]
        internal static partial void Failed(ILogger logger, string consumer, string error, double seconds);

        [LoggerMessage(EventId = 1404, Level = LogLevel.Information, Message = "Message {Sequence} on {Subject} comes again in {Seconds:0.#} s: {Reason}")]
        internal static partial void Retried(ILogger logger, string subject, ulong sequence, double seconds, string reason);

        [LoggerMessage(EventId = 1405, Level = LogLevel.Error, Message = "Handling event {EventId} on {Subject} failed at delivery {Delivery}.")]
        internal static partial void HandlerFailed(ILogger logger, Exception failure, string subject, Guid eventId, int delivery);

        [LoggerMessage(EventId = 1406, Level = LogLevel.Warning, Message = "Message {Sequence} on {Subject} was not settled; the server delivers it again.")]
        internal static partial void NotSettled(ILogger logger, Exception failure, string subject, ulong sequence);

        [LoggerMessage(EventId = 1407, Level = LogLevel.Debug, Message = "{Consumer} could not send an in-progress acknowledgement: {Error}")]
        internal static partial void ProgressFailed(ILogger logger, string consumer, string error);

        [LoggerMessage(EventId = 1408, Level = LogLevel.Information, Message = "{Consumer} stopped with {Open} messages in flight; {Left} were left to be delivered again.")]
        internal static partial void Stopped(ILogger logger, string consumer, int open, int left);
    }
}
