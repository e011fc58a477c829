using System.Threading.Channels;

namespace NATS.Client.Core;

/// <summary>When a subscription ends by itself, and how its buffer behaves.</summary>
public record NatsSubOpts
{
    public int? MaxMsgs { get; init; }

    public TimeSpan? Timeout { get; init; }

    /// <summary>Longest wait for the first message.</summary>
    public TimeSpan? StartUpTimeout { get; init; }

    /// <summary>Longest wait between two messages.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    public bool? StopOnEmptyMsg { get; init; }

    /// <summary>End with <see cref="NatsNoRespondersException"/> when nobody listens to the request.</summary>
    public bool? ThrowIfNoResponders { get; init; }

    public NatsSubChannelOpts? ChannelOpts { get; init; }
}

/// <summary>The buffer between the socket and the reader of a subscription.</summary>
public record NatsSubChannelOpts
{
    public int? Capacity { get; init; }

    public BoundedChannelFullMode? FullMode { get; init; }
}
