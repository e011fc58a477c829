namespace NATS.Client.JetStream;

/// <summary>
/// A loop of overlapping pulls. Unset: 1,000 messages, 30 s, a heartbeat of half the expiry. Messages that are requested or buffered, but not
/// handed to the loop yet, never exceed <see cref="MaxMsgs"/>; at <see cref="ThresholdMsgs"/> (half of it) more are asked for.
/// </summary>
public record NatsJSConsumeOpts
{
    public int? MaxMsgs { get; init; }

    public TimeSpan? Expires { get; init; }

    /// <summary>Instead of <see cref="MaxMsgs"/>, not beside it.</summary>
    public int? MaxBytes { get; init; }

    public TimeSpan? IdleHeartbeat { get; init; }

    public int? ThresholdMsgs { get; init; }

    public int? ThresholdBytes { get; init; }

    public Func<INatsJSNotification, CancellationToken, Task>? NotificationHandler { get; init; }

    public NatsJSPriorityGroupOpts? PriorityGroup { get; init; }

    /// <summary>The loop ends after this many 503 in a row; -1 for never.</summary>
    public int MaxConsecutive503Errors { get; init; } = 10;
}

/// <summary>One batch. Unset: 1,000 messages, 30 s, a heartbeat of half the expiry.</summary>
public record NatsJSFetchOpts
{
    public int? MaxMsgs { get; init; }

    public TimeSpan? Expires { get; init; }

    public int? MaxBytes { get; init; }

    public TimeSpan? IdleHeartbeat { get; init; }

    public Func<INatsJSNotification, CancellationToken, Task>? NotificationHandler { get; init; }

    public NatsJSPriorityGroupOpts? PriorityGroup { get; init; }
}

/// <summary>One message. Unset: 30 s.</summary>
public record NatsJSNextOpts
{
    public TimeSpan? Expires { get; init; }

    public TimeSpan? IdleHeartbeat { get; init; }

    public Func<INatsJSNotification, CancellationToken, Task>? NotificationHandler { get; init; }

    public NatsJSPriorityGroupOpts? PriorityGroup { get; init; }
}

/// <summary>Needs a server of 2.11 or later.</summary>
public record NatsJSPriorityGroupOpts
{
    public string? Group { get; init; }

    public long MinPending { get; init; }

    public long MinAckPending { get; init; }
}
