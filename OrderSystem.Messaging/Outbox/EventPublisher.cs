using System.Diagnostics;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.Outbox;

/// <summary>What became of a publish.</summary>
/// <param name="Sequence">Its sequence in the stream where it is now, else 0.</param>
/// <param name="Error">Why it is not there.</param>
/// <param name="CanNeverSucceed">The same event would be refused for ever.</param>
internal readonly record struct PublishResult(ulong Sequence, string? Error = null, bool CanNeverSucceed = false)
{
    internal bool IsStored => Error is null;
}

/// <summary>Publishes one event and decides what its acknowledgement means.</summary>
internal sealed class EventPublisher(INatsJSContext jetStream, EventSource source, IOptions<RelayOptions> options, MessagingMetrics metrics, TimeProvider time)
{
    /// <summary>"message size exceeds maximum allowed", the one refusal that no waiting will change.</summary>
    private const int MessageTooLarge = 10054;

    /// <summary>More than the longest wait between two attempts, which is a minute.</summary>
    private static readonly TimeSpan LongestMemory = TimeSpan.FromSeconds(90);

    private readonly TimeSpan timeout = options.Value.PublishTimeout;
    private volatile Failure? lastFailure;

    /// <summary>
    /// Why the stream did not take the last event; null when it did, or when that was so long ago that a relay must have tried again since, which may be that of
    /// another instance. An event that no stream would take says nothing.
    /// </summary>
    internal string? LastFailure => lastFailure is { } failure && time.GetElapsedTime(failure.At) < LongestMemory ? failure.Error : null;

    /// <summary>Whether a publish has a chance at all.</summary>
    internal bool IsConnected => jetStream.Connection.ConnectionState == NatsConnectionState.Open;

    /// <summary>Publishes the event under its own message id, so that the stream keeps one copy of it however often it is sent.</summary>
    internal async Task<PublishResult> PublishAsync(StoredEvent stored, CancellationToken cancellationToken)
    {
        ActivityContext.TryParse(stored.TraceParent, stored.TraceState, isRemote: true, out var creation);
        using var activity = MessagingTelemetry.Source.StartActivity(ActivityKind.Producer, creation, name: $"send {stored.Type.Subject}");
        if (activity is { IsAllDataRequested: true })
        {
            MessagingTelemetry.Describe(activity, "send", "send", stored.Type.Subject, stored.EventId);
            activity.SetTag("messaging.message.body.size", stored.Payload.Length);
            activity.SetTag(MessagingTelemetry.OrderId, stored.OrderId);
        }

        var started = Stopwatch.GetTimestamp();
        var result = await TryAsync(stored, cancellationToken);
        if (!result.CanNeverSucceed)
            lastFailure = result.Error is { } error ? new(error, time.GetTimestamp()) : null;
        metrics.Sent(stored.Type.Subject, Stopwatch.GetElapsedTime(started), result.IsStored);
        if (!result.IsStored)
            activity?.SetStatus(ActivityStatusCode.Error, result.Error);
        return result;
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

            // A duplicate is a success: the event is in the stream, this was the repetition.
            if (ack.Error is { } error)
                return Refused(error);
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

    private static PublishResult Refused(ApiError error) => new(0, $"{error.Description} ({error.ErrCode})", error.ErrCode == MessageTooLarge);

    private sealed record Failure(string Error, long At);
}
