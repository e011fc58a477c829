#pragma warning disable
using System.Threading.Channels;
using System.Buffers;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;
namespace NATS.Client.JetStream
{
    public readonly struct NatsJSPublishConcurrentFuture : IAsyncDisposable
    {
        public NatsJSPublishConcurrentFuture(NatsSub<PubAckResponse> sub) { }
        public ValueTask<PubAckResponse> GetResponseAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask DisposeAsync() => default;
    }
    public readonly struct NatsJSMsg<T> : INatsJSMsg<T>
    {
        public NatsJSMsg(NatsMsg<T> msg, INatsJSContext context) { }
        public NatsHeaders? Headers => null;
        public string Subject => throw new NotSupportedException();
        public int Size => throw new NotSupportedException();
        public T? Data => throw new NotSupportedException();
        public INatsConnection? Connection => throw new NotSupportedException();
        public NatsJSMsgMetadata? Metadata => throw new NotSupportedException();
        public string? ReplyTo => throw new NotSupportedException();
        public NatsException? Error => throw new NotSupportedException();
        public void EnsureSuccess() { }
        [Obsolete] public ValueTask ReplyAsync(NatsHeaders? headers = null, string? replyTo = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask AckAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask NakAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask AckProgressAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask AckTerminateAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
    public class NatsJSStream : INatsJSStream
    {
        public StreamInfo Info => throw new NotSupportedException();
        public ValueTask<bool> DeleteAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<StreamPurgeResponse> PurgeAsync(StreamPurgeRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<StreamMsgDeleteResponse> DeleteMessageAsync(StreamMsgDeleteRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask UpdateAsync(StreamConfig request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(ConsumerConfig config, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSConsumer> CreateOrderedConsumerAsync(NatsJSOrderedConsumerOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSConsumer> GetConsumerAsync(string consumer, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public IAsyncEnumerable<INatsJSConsumer> ListConsumersAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public IAsyncEnumerable<string> ListConsumerNamesAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<bool> DeleteConsumerAsync(string consumer, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask RefreshAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<NatsMsg<T>> GetDirectAsync<T>(StreamMsgGetRequest request, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<StreamMsgGetResponse> GetAsync(StreamMsgGetRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
    public class NatsJSConsumer : INatsJSConsumer
    {
        public ConsumerInfo Info => throw new NotSupportedException();
        public IAsyncEnumerable<INatsJSMsg<T>> ConsumeAsync<T>(INatsDeserialize<T>? serializer = null, NatsJSConsumeOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSMsg<T>?> NextAsync<T>(INatsDeserialize<T>? serializer = null, NatsJSNextOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public IAsyncEnumerable<INatsJSMsg<T>> FetchAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask RefreshAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask UnpinAsync(string group, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public IAsyncEnumerable<INatsJSMsg<T>> FetchNoWaitAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
    public partial class NatsJSContext : INatsJSContext
    {
        public NatsJSContext(INatsConnection connection) { }
        public NatsJSContext(INatsConnection connection, NatsJSOpts opts) { }
        public INatsConnection Connection => throw new NotSupportedException();
        public NatsJSOpts Opts => throw new NotSupportedException();
        public ValueTask<INatsJSConsumer> CreateOrderedConsumerAsync(string stream, NatsJSOrderedConsumerOpts? opts = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSConsumer> CreateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSConsumer> UpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSConsumer> GetConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public IAsyncEnumerable<INatsJSConsumer> ListConsumersAsync(string stream, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public IAsyncEnumerable<string> ListConsumerNamesAsync(string stream, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<bool> DeleteConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<ConsumerPauseResponse> PauseConsumerAsync(string stream, string consumer, DateTimeOffset pauseUntil, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<bool> ResumeConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask UnpinConsumerAsync(string stream, string consumer, string group, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<ConsumerResetResponse> ResetConsumerAsync(string stream, string consumer, ulong seq = 0, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<AccountInfoResponse> GetAccountInfoAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<PubAckResponse> PublishAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<NatsResult<PubAckResponse>> TryPublishAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSStream> CreateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSStream> CreateOrUpdateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<bool> DeleteStreamAsync(string stream, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<StreamPurgeResponse> PurgeStreamAsync(string stream, StreamPurgeRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<StreamMsgDeleteResponse> DeleteMessageAsync(string stream, StreamMsgDeleteRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<INatsJSStream> GetStreamAsync(string stream, StreamInfoRequest? request = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<NatsJSStream> UpdateStreamAsync(StreamConfig request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public IAsyncEnumerable<INatsJSStream> ListStreamsAsync(string? subject = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public IAsyncEnumerable<string> ListStreamNamesAsync(string? subject = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public ValueTask<NatsJSPublishConcurrentFuture> PublishConcurrentAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = null, NatsJSPubOpts? opts = null, NatsHeaders? headers = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public string NewBaseInbox() => throw new NotSupportedException();
        public ValueTask<TResponse> JSRequestResponseAsync<TRequest, TResponse>(string subject, TRequest? request, CancellationToken cancellationToken = default) where TRequest : class where TResponse : class => throw new NotSupportedException();
    }
}
