using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>
/// JetStream over a connection. Calls throw <see cref="NatsJSApiException"/> for what the server refuses and
/// <see cref="NatsJSApiNoResponseException"/> when nobody answers.
/// </summary>
public interface INatsJSContext
{
    INatsConnection Connection { get; }

    NatsJSOpts Opts { get; }

    ValueTask<INatsJSConsumer> CreateOrderedConsumerAsync(string stream, NatsJSOrderedConsumerOpts? opts = null, CancellationToken cancellationToken = default);

    ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default);

    ValueTask<INatsJSConsumer> CreateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default);

    ValueTask<INatsJSConsumer> UpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default);

    ValueTask<INatsJSConsumer> GetConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default);

    IAsyncEnumerable<INatsJSConsumer> ListConsumersAsync(string stream, CancellationToken cancellationToken = default);

    IAsyncEnumerable<string> ListConsumerNamesAsync(string stream, CancellationToken cancellationToken = default);

    ValueTask<bool> DeleteConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default);

    ValueTask<ConsumerPauseResponse> PauseConsumerAsync(string stream, string consumer, DateTimeOffset pauseUntil, CancellationToken cancellationToken = default);

    ValueTask<bool> ResumeConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default);

    ValueTask UnpinConsumerAsync(string stream, string consumer, string group, CancellationToken cancellationToken = default);

    ValueTask<ConsumerResetResponse> ResetConsumerAsync(string stream, string consumer, ulong seq = 0, CancellationToken cancellationToken = default);

    ValueTask<AccountInfoResponse> GetAccountInfoAsync(CancellationToken cancellationToken = default);

    /// <summary>Waits for the server's answer. A rejection is in <see cref="PubAckResponse.Error"/>: call <see cref="NatsJSExtensions.EnsureSuccess"/>.</summary>
    /// <exception cref="NatsJSPublishNoResponseException">No stream takes the subject, or no answer in time.</exception>
    ValueTask<PubAckResponse> PublishAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="PublishAsync"/>; success says only that an answer came.</summary>
    ValueTask<NatsResult<PubAckResponse>> TryPublishAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default);

    ValueTask<INatsJSStream> CreateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default);

    ValueTask<INatsJSStream> CreateOrUpdateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default);

    ValueTask<bool> DeleteStreamAsync(string stream, CancellationToken cancellationToken = default);

    ValueTask<StreamPurgeResponse> PurgeStreamAsync(string stream, StreamPurgeRequest request, CancellationToken cancellationToken = default);

    ValueTask<StreamMsgDeleteResponse> DeleteMessageAsync(string stream, StreamMsgDeleteRequest request, CancellationToken cancellationToken = default);

    ValueTask<INatsJSStream> GetStreamAsync(string stream, StreamInfoRequest? request = null, CancellationToken cancellationToken = default);

    ValueTask<NatsJSStream> UpdateStreamAsync(StreamConfig request, CancellationToken cancellationToken = default);

    IAsyncEnumerable<INatsJSStream> ListStreamsAsync(string? subject = null, CancellationToken cancellationToken = default);

    IAsyncEnumerable<string> ListStreamNamesAsync(string? subject = null, CancellationToken cancellationToken = default);

    /// <summary>Returns when the message is handed to the writer; the answer comes from the future.</summary>
    ValueTask<NatsJSPublishConcurrentFuture> PublishConcurrentAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default);

    string NewBaseInbox();

    ValueTask<TResponse> JSRequestResponseAsync<TRequest, TResponse>(string subject, TRequest? request, CancellationToken cancellationToken = default)
        where TRequest : class
        where TResponse : class;
}

public interface INatsJSContextFactory
{
    INatsJSContext CreateContext(INatsConnection connection);

    INatsJSContext CreateContext(INatsConnection connection, NatsJSOpts opts);
}

public sealed class NatsJSContextFactory : INatsJSContextFactory
{
    public INatsJSContext CreateContext(INatsConnection connection) => new NatsJSContext(connection);

    public INatsJSContext CreateContext(INatsConnection connection, NatsJSOpts opts) => new NatsJSContext(connection, opts);
}
