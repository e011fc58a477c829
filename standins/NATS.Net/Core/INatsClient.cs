namespace NATS.Client.Core;

public interface INatsClient : IAsyncDisposable
{
    INatsConnection Connection { get; }

    /// <exception cref="NatsException">No server answered, and <see cref="NatsOpts.RetryOnInitialConnect"/> is off.</exception>
    ValueTask ConnectAsync();

    /// <summary>Writes everything before it, and waits for the server's answer.</summary>
    ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns when the message is handed to the writer: at most once.</summary>
    /// <exception cref="NatsPayloadTooLargeException">Larger than the server's <c>max_payload</c>.</exception>
    ValueTask PublishAsync<T>(string subject, T? data, NatsHeaders? headers = null, string? replyTo = null, INatsSerialize<T>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default);

    ValueTask PublishAsync(string subject, NatsHeaders? headers = null, string? replyTo = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default);

    IAsyncEnumerable<NatsMsg<T>> SubscribeAsync<T>(string subject, string? queueGroup = null, INatsDeserialize<T>? serializer = null, NatsSubOpts? opts = null, CancellationToken cancellationToken = default);

    /// <exception cref="NatsNoRespondersException">Nobody listens to the subject.</exception>
    /// <exception cref="NatsNoReplyException">No answer within <see cref="NatsOpts.RequestTimeout"/>, or <see cref="NatsSubOpts.Timeout"/>.</exception>
    ValueTask<NatsMsg<TReply>> RequestAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers = null, INatsSerialize<TRequest>? requestSerializer = null, INatsDeserialize<TReply>? replySerializer = null, NatsPubOpts? requestOpts = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default);

    ValueTask<NatsMsg<TReply>> RequestAsync<TReply>(string subject, INatsDeserialize<TReply>? replySerializer = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default);

    /// <summary>Drops the socket and connects again; subscriptions survive.</summary>
    ValueTask ReconnectAsync();
}
