using System.Buffers;

namespace NATS.Client.Core.Protocol;

/// <summary>Refuses what would break the framing of the protocol, or what no server accepts.</summary>
internal static class Subjects
{
    private static readonly SearchValues<char> Forbidden = SearchValues.Create(" \t\r\n\0");

    /// <exception cref="NatsException">It is empty or has white space.</exception>
    public static void Validate(string subject)
    {
        if (string.IsNullOrEmpty(subject))
            throw new NatsException("Subject cannot be null or empty");
        if (subject.AsSpan().ContainsAny(Forbidden))
            throw new NatsException("Subject cannot contain whitespace");
    }

    public static void ValidateReplyTo(string? replyTo)
    {
        if (replyTo is not null)
            Validate(replyTo);
    }

    /// <exception cref="NatsException">It is empty or has white space.</exception>
    public static void ValidateQueueGroup(string? queueGroup)
    {
        if (queueGroup is null)
            return;
        if (queueGroup.Length == 0 || queueGroup.AsSpan().ContainsAny(Forbidden))
            throw new NatsException("Queue group cannot be empty or contain whitespace");
    }
}
