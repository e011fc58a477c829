using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>The options of a pull with every default filled in.</summary>
internal sealed record PullSettings
{
    private const int DefaultMaxMsgs = 1000;

    /// <summary>With a limit in bytes, the number of messages is only there to be large.</summary>
    private const int UnlimitedMsgs = 1_000_000;
    private static readonly TimeSpan DefaultExpires = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestHeartbeat = TimeSpan.FromMilliseconds(500);

    public required int MaxMsgs { get; init; }

    public required int ThresholdMsgs { get; init; }

    public required int MaxBytes { get; init; }

    public required int ThresholdBytes { get; init; }

    public required TimeSpan Expires { get; init; }

    /// <summary>Zero: none.</summary>
    public required TimeSpan IdleHeartbeat { get; init; }

    public NatsJSPriorityGroupOpts? Group { get; init; }

    /// <exception cref="NatsJSException">The options contradict each other.</exception>
    public static PullSettings For(int? maxMsgs, int? maxBytes, TimeSpan? expires, TimeSpan? heartbeat, int? thresholdMsgs, int? thresholdBytes, NatsJSPriorityGroupOpts? group)
    {
        if (maxMsgs is not null && maxBytes is not null)
            throw new NatsJSException("You can only set MaxBytes or MaxMsgs");
        if (maxMsgs <= 0 || maxBytes <= 0)
            throw new NatsJSException("MaxMsgs and MaxBytes must be positive");

        var wait = expires ?? DefaultExpires;
        if (wait < TimeSpan.FromMilliseconds(1))
            throw new NatsJSException("Expires must be positive");
        var half = wait / 2;
        if (heartbeat > half)
            throw new NatsJSException("IdleHeartbeat must be at most half of Expires");

        var msgs = maxBytes is null ? maxMsgs ?? DefaultMaxMsgs : UnlimitedMsgs;
        var bytes = maxBytes ?? 0;
        return new PullSettings
        {
            MaxMsgs = msgs,
            ThresholdMsgs = Math.Min(thresholdMsgs ?? msgs / 2, msgs - 1),
            MaxBytes = bytes,
            ThresholdBytes = thresholdBytes ?? bytes / 2,
            Expires = wait,
            IdleHeartbeat = heartbeat ?? (half < ShortestHeartbeat ? TimeSpan.Zero : half < LongestHeartbeat ? half : LongestHeartbeat),
            Group = group,
        };
    }

    public ConsumerGetnextRequest Request(int batch, int maxBytes) => new()
    {
        Batch = batch,
        MaxBytes = maxBytes,
        Expires = Expires,
        IdleHeartbeat = IdleHeartbeat,
        Group = Group?.Group,
        MinPending = Group?.MinPending ?? 0,
        MinAckPending = Group?.MinAckPending ?? 0,
    };
}
