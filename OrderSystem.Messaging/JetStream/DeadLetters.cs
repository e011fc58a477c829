using System.Globalization;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Keeps what could not be processed: copied first, with its reason, and only then taken from its consumer.</summary>
internal sealed partial class DeadLetters(INatsJSContext jetStream, TimeProvider time, MessagingMetrics metrics, ILogger<DeadLetters> logger)
{
    internal const string Reason = "dead-letter-reason";
    internal const string OriginalSubject = "dead-letter-subject";
    internal const string OriginalStream = "dead-letter-stream";
    internal const string OriginalSequence = "dead-letter-sequence";
    internal const string Consumer = "dead-letter-consumer";
    internal const string Deliveries = "dead-letter-deliveries";
    internal const string At = "dead-letter-time";

    /// <summary>Only these are copied: a producer must not reach the dead-letter stream with headers that command the server.</summary>
    private static readonly string[] Copied =
    [
        CloudEvent.SpecVersion, CloudEvent.Id, CloudEvent.Source, CloudEvent.Type, CloudEvent.Subject, CloudEvent.Time, CloudEvent.OrderVersion,
        CloudEvent.ContentType, CloudEvent.TraceParent, CloudEvent.TraceState,
    ];

    internal async Task KeepAsync(INatsJSMsg<byte[]> message, string reason, CancellationToken cancellationToken)
    {
        var metadata = message.Metadata!.Value;
        var sequence = metadata.Sequence.Stream.ToString(CultureInfo.InvariantCulture);
        var headers = new NatsHeaders
        {
            [Reason] = reason,
            [OriginalSubject] = message.Subject,
            [OriginalStream] = metadata.Stream,
            [OriginalSequence] = sequence,
            [Consumer] = metadata.Consumer,
            [Deliveries] = metadata.NumDelivered.ToString(CultureInfo.InvariantCulture),
            [At] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
        };
        foreach (var name in Copied)
        {
            if (CloudEvent.Read(message.Headers, name) is { } value)
                headers[name] = value;
        }

        // The id makes a second copy of the same message a duplicate, should this process die before the original is terminated.
        var ack = await jetStream.PublishAsync(
            $"dead-letters.{metadata.Stream}", message.Data ?? [], NatsRawSerializer<byte[]>.Default,
            new NatsJSPubOpts { MsgId = $"{metadata.Stream}.{sequence}.{metadata.Consumer}" }, headers, cancellationToken);
        if (ack.Error is { } error)
            throw new NatsJSApiException(error);
        await message.AckTerminateAsync(new AckOpts { DoubleAck = true }, cancellationToken);
        metrics.DeadLettered(message.Subject, metadata.Consumer);
        Log.Kept(logger, message.Subject, metadata.Sequence.Stream, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1301, Level = LogLevel.Error, Message = "Message {Sequence} on {Subject} cannot be processed and is kept as a dead letter: {Reason}.")]
        internal static partial void Kept(ILogger logger, string subject, ulong sequence, string reason);
    }
}
