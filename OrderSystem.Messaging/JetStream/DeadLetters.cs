using System.Globalization;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Keeps what could not be processed: copied first, with its reason, and only then taken from its consumer.</summary>
internal sealed partial class DeadLetters(INatsJSContext jetStream, TimeProvider time, MessagingMetrics metrics, ILogger<DeadLetters> logger)
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

        // The id makes a second copy of the same message a duplicate, should this process die before the original is terminated. The message's timestamp is part
        // of it: a stream that is recreated, or restored from a backup, gives the same sequence numbers to other messages.
        var ack = await jetStream.PublishAsync(
            DeadLetterFormat.SubjectOf(metadata.Stream, CloudEvent.Read(message.Headers, CloudEvent.Subject)), message.Data ?? [], NatsRawSerializer<byte[]>.Default,
            new NatsJSPubOpts { MsgId = $"{metadata.Stream}.{sequence}.{metadata.Timestamp.UtcTicks}.{metadata.Consumer}" }, headers, cancellationToken);
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
