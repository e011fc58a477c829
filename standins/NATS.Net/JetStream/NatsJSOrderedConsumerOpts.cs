using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>Only here for the signatures: ordered consumers are not supported.</summary>
public record NatsJSOrderedConsumerOpts
{
    public static readonly NatsJSOrderedConsumerOpts Default = new();

    public string[] FilterSubjects { get; init; } = [];

    public ConsumerConfigDeliverPolicy DeliverPolicy { get; init; }

    public ulong OptStartSeq { get; init; }

    public DateTimeOffset OptStartTime { get; init; }

    public ConsumerConfigReplayPolicy ReplayPolicy { get; init; }

    public TimeSpan InactiveThreshold { get; init; } = TimeSpan.FromMinutes(5);

    public bool HeadersOnly { get; init; }

    public int MaxResetAttempts { get; init; } = -1;
}
