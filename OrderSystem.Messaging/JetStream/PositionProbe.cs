using System.Text.Json.Nodes;
using NATS.Client.Core;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Compares a consumer and its stream on the server with a kept position. Changes nothing.</summary>
internal sealed class PositionProbe(ConsumerDeclaration consumer, INatsConnection nats)
{
    /// <summary>Why the stream is not read any more: its user may not, and the server would log each further request.</summary>
    internal string? Refusal { get; private set; }

    /// <summary>Asks the server, and compares the stream with the kept position.</summary>
    /// <returns>Null when the stream or the consumer is missing.</returns>
    /// <exception cref="NatsException">The server did not answer, or refused.</exception>
    internal async Task<PositionFinding?> LookAsync(ConsumerPosition? kept, CancellationToken cancellationToken)
    {
        if (await FindStreamAsync(cancellationToken) is not { } stream
            || await nats.FindInfoAsync($"CONSUMER.INFO.{consumer.Stream}.{consumer.Name}", cancellationToken) is not { } found)
            return null;
        var delivered = (long)found["delivered"]!["stream_seq"]!;

        // Asked again: the stream may have grown before the consumer was asked.
        var isBeyond = delivered > ConsumerPosition.LastSequenceOf(stream)
            && await FindStreamAsync(cancellationToken) is { } later && delivered > ConsumerPosition.LastSequenceOf(later);
        var position = ConsumerPosition.Of(stream, found);
        var (isSame, lost) = kept is null ? (false, null) : await CompareStreamAsync(kept, position, cancellationToken);
        return new(
            position, isSame, isBeyond,
            isBeyond ? lost ?? $"{consumer.Name} was delivered sequence {delivered}, which is beyond its end" : lost);
    }

    /// <returns>Whether the stream still has the messages of the position, and else what tells that it has lost some.</returns>
    private async Task<(bool IsSame, string? Lost)> CompareStreamAsync(
        ConsumerPosition kept, ConsumerPosition seen, CancellationToken cancellationToken)
    {
        if (seen.StreamCreated != kept.StreamCreated)
            return (false, $"it was created at {seen.StreamCreated:u}, the one before at {kept.StreamCreated:u}");
        if (seen.LastSequence < kept.LastSequence)
            return (false, $"its last sequence is {seen.LastSequence} and was {kept.LastSequence}");
        if ((seen.LastSequence, seen.LastTime) == (kept.LastSequence, kept.LastTime))
            return (true, null);

        // A stream that went back may have grown beyond its old end since, with other messages.
        var stored = await FindTimeAsync(kept.LastSequence, cancellationToken);
        return (stored == kept.LastTime, stored is null || stored == kept.LastTime
            ? null
            : $"another message has the sequence {kept.LastSequence}");
    }

    /// <returns>Null when the message has expired or was deleted, or must not be read.</returns>
    private async Task<DateTime?> FindTimeAsync(long sequence, CancellationToken cancellationToken)
    {
        if (Refusal is not null || sequence == 0)
            return null;
        try
        {
            return await nats.FindTimeAsync(consumer.Stream, sequence, cancellationToken) is { } stored
                ? ConsumerPosition.Microseconds(stored)
                : null;
        }
        catch (NatsRefusedException refused)
        {
            Refusal = refused.Message;
            return null;
        }
    }

    private Task<JsonObject?> FindStreamAsync(CancellationToken cancellationToken) =>
        nats.FindInfoAsync($"STREAM.INFO.{consumer.Stream}", cancellationToken);
}

/// <summary>What the server has.</summary>
/// <param name="Position">The position on the server.</param>
/// <param name="IsSame">Whether the stream still has the messages of the kept position.</param>
/// <param name="IsBeyond">Whether the consumer was delivered a sequence that its stream does not have yet.</param>
/// <param name="Lost">What tells that the stream has lost messages.</param>
internal sealed record PositionFinding(ConsumerPosition Position, bool IsSame, bool IsBeyond, string? Lost);
