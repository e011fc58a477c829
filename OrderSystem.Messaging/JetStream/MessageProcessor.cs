using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Handles one message and settles it: ack after the commit, nak with a delay, or a dead letter and term.</summary>
internal sealed partial class MessageProcessor(
    ConsumerDeclaration consumer, EventDispatcher events, DeadLetters deadLetters,
    DeliveryCounter deliveries, DependencyBreaker breaker, MessagingMetrics metrics, ILogger<MessageProcessor> logger)
{
    /// <summary>Deliveries without a result after which a message becomes a dead letter.</summary>
    private const int MaxFailures = 12;

    private static readonly TimeSpan DependencyDelay = TimeSpan.FromSeconds(2);

    /// <param name="message">The message.</param>
    /// <param name="arrived">When it arrived; it may have waited for a slot since.</param>
    /// <param name="abandoned">Cancelled when the shutdown timeout has elapsed.</param>
    /// <exception cref="Exception">The message was not settled; the server redelivers it.</exception>
    internal async Task ProcessAsync(INatsJSMsg<byte[]> message, DateTimeOffset arrived, CancellationToken abandoned)
    {
        using var activity = StartActivity(message, arrived);
        var isSampled = activity is { IsAllDataRequested: true };
        var started = Stopwatch.GetTimestamp();
        var result = await HandleAsync(message, activity, abandoned);
        var duration = Stopwatch.GetElapsedTime(started);
        metrics.Processed(message.Subject, consumer.Name, duration, result.ErrorType);
        if (result.Kind != HandlingResult.Verdict.Done || duration > KeptSpans.Slow)
            activity?.Keep();
        if (!isSampled)
            Describe(activity, "process", "process", message);
        if (result.Kind != HandlingResult.Verdict.Done)
            activity?.SetStatus(ActivityStatusCode.Error, result.Reason);
        await SettleAsync(message, result, abandoned);
    }

    private async Task<HandlingResult> HandleAsync(INatsJSMsg<byte[]> message, Activity? activity, CancellationToken abandoned)
    {
        if (!ReceivedEnvelope.TryRead(message, out var envelope, out var problem))
            return HandlingResult.Reject(problem);
        var isCounted = false;
        try
        {
            // A replayed dead letter starts with a fresh count.
            if (CloudEvent.Read(message.Headers, DeadLetterFormat.ReplayOf) is not null && envelope.Delivery == 1)
                deliveries.Clear(consumer.Name, envelope.EventId);
            var isNewer = EventType.IsNewer(envelope.Type);
            if (envelope.Delivery > 1)
            {
                var failures = await deliveries.CountAsync(consumer.Name, envelope.EventId);
                isCounted = true;
                if (failures >= MaxFailures)
                    return HandlingResult.Reject(isNewer
                        ? $"{failures} deliveries, and no instance knew the event type {envelope.Type}"
                        : $"{failures} deliveries ended without a result");
            }

            // During a rolling upgrade the next delivery may reach an instance of the newer release.
            if (isNewer)
                return HandlingResult.Retry(Backoff(envelope.Delivery), $"{envelope.Type} is of a newer release");
            var result = await events.HandleAsync(envelope, message.Data, abandoned);
            if (isCounted)
                deliveries.Clear(consumer.Name, envelope.EventId);
            breaker.Succeeded();
            return result;
        }
        catch (Exception failure) when (!abandoned.IsCancellationRequested)
        {
            activity?.AddException(failure);
            switch (Failures.KindOf(failure))
            {
                case FailureKind.Message:
                    return HandlingResult.Reject($"its content cannot be stored: {failure.Message}");
                case FailureKind.Dependency:
                    if (isCounted)
                        deliveries.TakeBack(consumer.Name, envelope.EventId);
                    breaker.Failed(envelope.EventId);
                    return HandlingResult.Retry(DependencyDelay + breaker.Remaining, failure.Message);
                default:
                    Log.HandlerFailed(logger, failure, message.Subject, envelope.EventId, envelope.Delivery);
                    return HandlingResult.Retry(Backoff(envelope.Delivery), failure.Message);
            }
        }
    }

    /// <summary>
    /// A child of the context in which the event was created, so that an order is one trace, with a link to the
    /// receive span of this delivery. A redelivery is always sampled.
    /// </summary>
    private Activity? StartActivity(INatsJSMsg<byte[]> message, DateTimeOffset arrived)
    {
        var source = MessagingTelemetry.Source;
        if (!source.HasListeners())
            return null;
        var creation = CloudEvent.ReadCreationContext(message.Headers);
        if (message.Metadata is { NumDelivered: > 1 })
            creation = creation.Kept();
        using var receive = creation.IsDropped()
            ? null
            : source.StartActivity(ActivityKind.Client, creation, startTime: arrived, name: $"receive {message.Subject}");
        Describe(receive, "receive", "receive", message);
        receive?.Stop();
        var process = source.StartActivity(
            ActivityKind.Consumer, creation, links: receive is null ? null : [new(receive.Context)], name: $"process {message.Subject}");
        Describe(process, "process", "process", message);
        return process;
    }

    private async Task SettleAsync(INatsJSMsg<byte[]> message, HandlingResult result, CancellationToken abandoned)
    {
        var operation = result.Kind switch
        {
            HandlingResult.Verdict.Done => "ack",
            HandlingResult.Verdict.Retry => "nak",
            _ => "term",
        };
        using var activity = Activity.Current is null
            ? null
            : MessagingTelemetry.Source.StartActivity($"{operation} {message.Subject}", ActivityKind.Client);
        Describe(activity, operation, "settle", message);
        switch (result.Kind)
        {
            case HandlingResult.Verdict.Done:
                await message.AckAsync(cancellationToken: abandoned);
                break;
            case HandlingResult.Verdict.Retry:
                var delay = Jitter(result.Delay);
                Log.Retried(logger, message.Subject, message.Metadata!.Value.Sequence.Stream, delay.TotalSeconds, result.Reason!);
                activity?.Parent?.AddEvent(new("message.delayed", tags: new()
                {
                    { "delay", delay.TotalSeconds }, { "reason", result.Reason },
                }));
                await message.NakAsync(new AckOpts { NakDelay = delay }, abandoned);
                break;
            default:
                await deadLetters.KeepAsync(message, result.Reason!, abandoned);
                activity?.Parent?.AddEvent(new("message.dead_lettered", tags: new() { { "reason", result.Reason } }));
                break;
        }
    }

    private void Describe(Activity? activity, string operation, string operationType, INatsJSMsg<byte[]> message)
    {
        if (activity is not { IsAllDataRequested: true })
            return;
        MessagingTelemetry.Describe(activity, operation, operationType, message.Subject, CloudEvent.Read(message.Headers, CloudEvent.Id));
        activity.SetTag("messaging.consumer.group.name", consumer.Name);
        if (CloudEvent.Read(message.Headers, CloudEvent.Subject) is { } order)
            activity.SetTag(MessagingTelemetry.OrderId, order);
        if (operationType != "process" || message.Metadata is not { } metadata)
            return;
        activity.SetTag("messaging.message.body.size", message.Data?.Length ?? 0);
        activity.SetTag("messaging.nats.delivery", metadata.NumDelivered);
        activity.SetTag("messaging.nats.stream.sequence", metadata.Sequence.Stream);
    }

    private static TimeSpan Backoff(int delivery) => TimeSpan.FromSeconds(Math.Min(300, Math.Pow(2, Math.Min(delivery, 9))));

    /// <summary>± 20 %, so that messages that failed together are not redelivered together.</summary>
    private static TimeSpan Jitter(TimeSpan delay) => delay * (0.8 + (Random.Shared.NextDouble() * 0.4));

    private static partial class Log
    {
        [LoggerMessage(EventId = 1404, Level = LogLevel.Information,
            Message = "Retrying message {Sequence} on {Subject} in {Seconds:0.#} s: {Reason}")]
        internal static partial void Retried(ILogger logger, string subject, ulong sequence, double seconds, string reason);

        [LoggerMessage(EventId = 1405, Level = LogLevel.Error,
            Message = "Handler of event {EventId} on {Subject} failed at delivery {Delivery}; retrying with exponential backoff.")]
        internal static partial void HandlerFailed(ILogger logger, Exception failure, string subject, Guid eventId, int delivery);
    }
}
