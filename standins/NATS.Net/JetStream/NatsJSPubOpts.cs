using NATS.Client.Core;

namespace NATS.Client.JetStream;

/// <summary>What the server checks before it stores a message. The values are written into the headers that are passed along.</summary>
public record NatsJSPubOpts : NatsPubOpts
{
    public static readonly NatsJSPubOpts Default = new();

    /// <summary>Within the stream's duplicate window a second message with this id is not stored.</summary>
    public string? MsgId { get; init; }

    public string? ExpectedLastMsgId { get; init; }

    public string? ExpectedStream { get; init; }

    public ulong? ExpectedLastSequence { get; init; }

    public ulong? ExpectedLastSubjectSequence { get; init; }

    public string? ExpectedLastSubjectSequenceSubject { get; init; }

    public TimeSpan RetryWaitBetweenAttempts { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Attempts in all, repeated only when nobody answered for the subject (503).</summary>
    public int RetryAttempts { get; init; } = 1;
}
