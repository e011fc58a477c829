using System.Diagnostics;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.Messaging.Outbox;

/// <summary>Result of a publish.</summary>
/// <param name="Sequence">Its stream sequence, or 0 when it was not stored.</param>
/// <param name="Error">Why it was not stored.</param>
/// <param name="CanNeverSucceed">The stream will never accept this event.</param>
internal readonly record struct PublishResult(ulong Sequence, string? Error = null, bool CanNeverSucceed = false)
{
    internal bool IsStored => Error is null;
}

/// <summary>Publishes one event and interprets its acknowledgement.</summary>
internal sealed class EventPublisher(
    INatsJSContext jetStream, EventSource source, IOptions<RelayOptions> options, MessagingMetrics metrics, TimeProvider time)
{
    /// <summary>"message size exceeds maximum allowed", the only permanent refusal.</summary>
    private const int MessageTooLarge = 10054;

    /// <summary>More than the longest backoff between two attempts, one minute.</summary>
    private static readonly TimeSpan FailureLifetime = TimeSpan.FromSeconds(90);

    private readonly TimeSpan timeout = options.Value.PublishTimeout;
    private volatile Failure? lastFailure;

    /// <summary>
    /// Why the last publish failed; null after a success, or when the failure is so old that a relay, perhaps of another instance, must
    /// have retried since. A permanent refusal does not count.
    /// </summary>
    internal string? LastFailure => lastFailure is { } failure && time.GetElapsedTime(failure.At) < FailureLifetime ? failure.Error : null;

    /// <summary>Whether the connection to NATS is open.</summary>
    internal bool IsConnected => jetStream.Connection.ConnectionState == NatsConnectionState.Open;

    /// <summary>Publishes the event under its message id, so that the stream deduplicates retries.</summary>
    internal async Task<PublishResult> PublishAsync(StoredEvent stored, CancellationToken cancellationToken)
    {
        ActivityContext.TryParse(stored.TraceParent, stored.TraceState, isRemote: true, out var creation);
        using var activity = creation.IsDropped() ? null : StartActivity(stored, creation);
        var started = Stopwatch.GetTimestamp();
        var result = await TryAsync(stored, cancellationToken);
        if (!result.CanNeverSucceed)
            lastFailure = result.Error is { } error ? new(error, time.GetTimestamp()) : null;
        metrics.Sent(stored.Type.Subject, Stopwatch.GetElapsedTime(started), result.IsStored);
        if (!result.IsStored)
        {
            // A failed publish is always traced.
            using var failed = activity is null ? StartActivity(stored, creation.Kept()) : null;
            failed?.SetStartTime(time.GetUtcNow().UtcDateTime - Stopwatch.GetElapsedTime(started));
            (activity ?? failed)?.SetStatus(ActivityStatusCode.Error, result.Error);
        }

        return result;
    }

    private static Activity? StartActivity(StoredEvent stored, ActivityContext creation)
    {
        var activity = MessagingTelemetry.Source.StartActivity(ActivityKind.Producer, creation, name: $"send {stored.Type.Subject}");
        if (activity is { IsAllDataRequested: true })
        {
            MessagingTelemetry.Describe(activity, "send", "send", stored.Type.Subject, stored.EventId);
            activity.SetTag("messaging.message.body.size", stored.Payload.Length);
            activity.SetTag(MessagingTelemetry.OrderId, stored.OrderId);
        }

        return activity;
    }

    private async Task<PublishResult> TryAsync(StoredEvent stored, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            var ack = await jetStream.PublishAsync(
                stored.Type.Subject, stored.Payload, NatsRawSerializer<byte[]>.Default, new NatsJSPubOpts { MsgId = stored.MessageId },
                CloudEvent.ToHeaders(stored, source), deadline.Token);

            // A duplicate is a success: the stream already has the event.
            if (ack.Error is { } error)
                return Refusal(error);
            if (ack.Duplicate)
                metrics.Duplicate(stored.Type.Subject);
            return new(ack.Seq);
        }
        catch (NatsPayloadTooLargeException tooLarge)
        {
            return new(0, tooLarge.Message, CanNeverSucceed: true);
        }
        catch (NatsException failure)
        {
            return new(0, failure.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(0, $"no acknowledgement within {timeout.TotalSeconds:0.#} s");
        }
    }

    private static PublishResult Refusal(ApiError error) =>
        new(0, $"{error.Description} ({error.ErrCode})", error.ErrCode == MessageTooLarge);

    private sealed record Failure(string Error, long At);
}
