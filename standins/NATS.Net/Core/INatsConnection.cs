using System.Threading.Channels;

namespace NATS.Client.Core;

public interface INatsConnection : INatsClient
{
    event AsyncEventHandler<NatsEventArgs>? ConnectionDisconnected;

    event AsyncEventHandler<NatsEventArgs>? ConnectionOpened;

    event AsyncEventHandler<NatsEventArgs>? ReconnectFailed;

    event AsyncEventHandler<NatsMessageDroppedEventArgs>? MessageDropped;

    event AsyncEventHandler<NatsSlowConsumerEventArgs>? SlowConsumerDetected;

    event AsyncEventHandler<NatsLameDuckModeActivatedEventArgs>? LameDuckModeActivated;

    event AsyncEventHandler<NatsServerErrorEventArgs>? ServerError;

    INatsServerInfo? ServerInfo { get; }

    NatsOpts Opts { get; }

    NatsConnectionState ConnectionState { get; }

    INatsSubscriptionManager SubscriptionManager { get; }

    NatsHeaderParser HeaderParser { get; }

    /// <summary>May replace host and port before each connect.</summary>
    Func<(string Host, int Port), ValueTask<(string Host, int Port)>>? OnConnectingAsync { get; set; }

    /// <summary>May wrap the socket after each connect.</summary>
    Func<INatsSocketConnection, ValueTask<INatsSocketConnection>>? OnSocketAvailableAsync { get; set; }

    ValueTask PublishAsync<T>(in NatsMsg<T> msg, INatsSerialize<T>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default);

    ValueTask<INatsSub<T>> SubscribeCoreAsync<T>(string subject, string? queueGroup = null, INatsDeserialize<T>? serializer = null, NatsSubOpts? opts = null, CancellationToken cancellationToken = default);

    string NewInbox();

    /// <summary>Replies until <see cref="NatsSubOpts.MaxMsgs"/>, a timeout, or an empty message.</summary>
    IAsyncEnumerable<NatsMsg<TReply>> RequestManyAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers = null, INatsSerialize<TRequest>? requestSerializer = null, INatsDeserialize<TReply>? replySerializer = null, NatsPubOpts? requestOpts = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default);

    ValueTask AddSubAsync(NatsSubBase sub, CancellationToken cancellationToken = default);

    ValueTask<NatsSub<TReply>> CreateRequestSubAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers = null, INatsSerialize<TRequest>? requestSerializer = null, INatsDeserialize<TReply>? replySerializer = null, NatsPubOpts? requestOpts = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default);

    BoundedChannelOptions GetBoundedChannelOpts(NatsSubChannelOpts? subChannelOpts);

    void OnMessageDropped<T>(NatsSubBase natsSub, int pending, NatsMsg<T> msg);
}
