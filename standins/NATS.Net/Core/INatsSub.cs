using System.Threading.Channels;

namespace NATS.Client.Core;

/// <summary>A subscription that is read through <see cref="Msgs"/>.</summary>
public interface INatsSub<T> : IAsyncDisposable
{
    ChannelReader<NatsMsg<T>> Msgs { get; }

    string Subject { get; }

    string? QueueGroup { get; }

    ValueTask UnsubscribeAsync();
}

public interface INatsSubscriptionManager
{
    ValueTask RemoveAsync(NatsSubBase sub);
}
