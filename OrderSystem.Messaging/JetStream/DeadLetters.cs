using System.Globalization;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Telemetry;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Moves a message to the stream of dead letters: copies it with the reason in headers first, and terminates it only then.
/// </summary>
internal sealed partial class DeadLetters(
    INatsJSContext jetStream, TimeProvider time, MessagingMetrics metrics, ILogger<DeadLetters> logger)
{
    internal async Task KeepAsync(INatsJSMsg<byte[]> message, string reason, CancellationToken cancellationToken)
    {
        var metadata = message.Metadata!.Value;
        var sequence = metadata.Sequence.Stream.ToString(CultureInfo.InvariantCulture);
        var headers = new NatsHeaders
        {
            [DeadLetterFormat.Reason] = DeadLetterFormat.OneLine(reason),
            [DeadLetterFormat.OriginalSubject] = message.Subject,
            [DeadLetterFormat.OriginalStream] = metadata.Stream,
            [DeadLetterFormat.OriginalSequence] = sequence,
            [DeadLetterFormat.Consumer] = metadata.Consumer,
            [DeadLetterFormat.Deliveries] = metadata.NumDelivered.ToString(CultureInfo.InvariantCulture),
            [DeadLetterFormat.At] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
        };
        foreach (var name in DeadLetterFormat.Copied)
        {
            if (CloudEvent.Read(message.Headers, name) is { } value)
                headers[name] = value;
        }

        // The message id makes a second copy a duplicate, if this process dies before the original is terminated. It contains the
        // timestamp: a stream that is recreated or restored from a backup gives the same sequence numbers to other messages.
        var ack = await jetStream.PublishAsync(
            DeadLetterFormat.SubjectOf(metadata.Stream, CloudEvent.Read(message.Headers, CloudEvent.Subject)),
            message.Data ?? [], NatsRawSerializer<byte[]>.Default,
            new NatsJSPubOpts { MsgId = $"{metadata.Stream}.{sequence}.{metadata.Timestamp.UtcTicks}.{metadata.Consumer}" },
            headers, cancellationToken);
        if (ack.Error is { } error)
            throw new NatsJSApiException(error);
        await message.AckTerminateAsync(new AckOpts { DoubleAck = true }, cancellationToken);
        metrics.DeadLettered(message.Subject, metadata.Consumer);
        Log.Kept(logger, message.Subject, metadata.Sequence.Stream, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1301, Level = LogLevel.Error,
            Message = "Message {Sequence} on {Subject} cannot be processed ({Reason}); moved to the dead letters.")]
        internal static partial void Kept(ILogger logger, string subject, ulong sequence, string reason);
    }
}
