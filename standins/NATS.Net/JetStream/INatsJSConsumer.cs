using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>A pull consumer.</summary>
public interface INatsJSConsumer
{
    ConsumerInfo Info { get; }

    /// <summary>Overlapping pulls until cancelled; survives reconnects.</summary>
    /// <exception cref="NatsJSProtocolException">The consumer was deleted, or the request is invalid.</exception>
    IAsyncEnumerable<INatsJSMsg<T>> ConsumeAsync<T>(INatsDeserialize<T>? serializer = null, NatsJSConsumeOpts? opts = null, CancellationToken cancellationToken = default);

    /// <returns>Null when nothing came until it expired.</returns>
    ValueTask<INatsJSMsg<T>?> NextAsync<T>(INatsDeserialize<T>? serializer = null, NatsJSNextOpts? opts = null, CancellationToken cancellationToken = default);

    /// <summary>One batch: ends when it is full or expired.</summary>
    IAsyncEnumerable<INatsJSMsg<T>> FetchAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default);

    ValueTask RefreshAsync(CancellationToken cancellationToken = default);

    ValueTask UnpinAsync(string group, CancellationToken cancellationToken = default);

    /// <summary>What is there now, and no waiting.</summary>
    IAsyncEnumerable<INatsJSMsg<T>> FetchNoWaitAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default);
}
