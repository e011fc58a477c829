using System.Globalization;
using System.Runtime.CompilerServices;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Connections;
using OrderSystem.Messaging.JetStream;

namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary>Reads, replays and deletes the messages of stream DEAD_LETTERS.</summary>
/// <param name="jetStream">Reads the stream.</param>
/// <param name="publisher">Replays: the same, or the connection of a user who may publish to the subjects of other services.</param>
internal sealed class DeadLetterStream(INatsJSContext jetStream, INatsJSContext publisher)
{
    /// <summary>JetStream error codes for a message that does not exist.</summary>
    private static readonly int[] NoSuchMessage = [10037, 10043, 10057];

    /// <summary>The matching letters from a sequence on, the oldest first.</summary>
    internal async IAsyncEnumerable<DeadLetter> ReadAsync(
        DeadLetterFilter filter, ulong from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Only the order id goes into the subject: the other conditions could contain wildcards and are compared below.
        var subject = filter.OrderId is { } order ? DeadLetterFormat.OfOrder(order) : DeadLetterFormat.AllSubjects;
        await foreach (var message in jetStream.FindAsync(Topology.DeadLetters, from, subject, cancellationToken))
        {
            var letter = DeadLetter.Read(message);
            if (filter.Matches(letter))
                yield return letter;
        }
    }

    internal async Task<DeadLetter?> FindAsync(ulong sequence, CancellationToken cancellationToken)
    {
        await foreach (var letter in ReadAsync(new DeadLetterFilter(), sequence, cancellationToken))
            return letter.Sequence == sequence ? letter : null;
        return null;
    }

    internal async Task<ulong> LastSequenceAsync(CancellationToken cancellationToken) =>
        (await jetStream.Connection.AskAsync(
            token => jetStream.GetStreamAsync(Topology.DeadLetters, cancellationToken: token), cancellationToken)).Info.State.LastSeq;

    /// <summary>Deletes the letter from the stream; false when it does not exist.</summary>
    internal async Task<bool> DeleteAsync(ulong sequence, CancellationToken cancellationToken)
    {
        try
        {
            return (await jetStream.Connection.AskAsync(
                token => jetStream.DeleteMessageAsync(Topology.DeadLetters, new StreamMsgDeleteRequest { Seq = sequence }, token),
                cancellationToken)).Success;
        }
        catch (NatsJSApiException missing) when (NoSuchMessage.Contains(missing.Error.ErrCode))
        {
            return false;
        }
    }

    /// <summary>
    /// Publishes the original message to its original subject: the same body, envelope and trace under a new message id, because the stream
    /// would discard the old id as a duplicate.
    /// </summary>
    /// <returns>Its new sequence in the original stream.</returns>
    /// <exception cref="NatsRefusedException">The user of the connection may not publish to the original subject.</exception>
    internal async Task<ulong> PublishAgainAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        var headers = new NatsHeaders { [DeadLetterFormat.ReplayOf] = letter.Sequence.ToString(CultureInfo.InvariantCulture) };
        foreach (var name in DeadLetterFormat.Copied)
        {
            if (letter.Message.Headers.TryGetLastValue(name, out var value))
                headers[name] = value;
        }

        var id = string.Create(CultureInfo.InvariantCulture, $"replay.{letter.Sequence}.{Guid.NewGuid():N}");
        var ack = await publisher.Connection.AskAsync(
            letter.Subject,
            token => publisher.PublishAsync(
                letter.Subject, letter.Message.Data, NatsRawSerializer<byte[]>.Default,
                new NatsJSPubOpts { MsgId = id, ExpectedStream = letter.Stream }, headers, token),
            cancellationToken);
        return ack.Error is { } error ? throw new NatsJSApiException(error) : ack.Seq;
    }

    /// <summary>The consumer's ack floor: it has settled all messages up to this stream sequence. 0 when it does not exist.</summary>
    internal async Task<ulong> AckFloorAsync(string originalStream, string consumer, CancellationToken cancellationToken)
    {
        try
        {
            return (await jetStream.Connection.AskAsync(
                token => jetStream.GetConsumerAsync(originalStream, consumer, token), cancellationToken)).Info.AckFloor.StreamSeq;
        }
        catch (NatsJSApiException)
        {
            return 0;
        }
    }
}
