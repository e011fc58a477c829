using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

public interface INatsJSStream
{
    StreamInfo Info { get; }

    ValueTask<bool> DeleteAsync(CancellationToken cancellationToken = default);

    ValueTask<StreamPurgeResponse> PurgeAsync(StreamPurgeRequest request, CancellationToken cancellationToken = default);

    ValueTask<StreamMsgDeleteResponse> DeleteMessageAsync(StreamMsgDeleteRequest request, CancellationToken cancellationToken = default);

    ValueTask UpdateAsync(StreamConfig request, CancellationToken cancellationToken = default);

    ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(ConsumerConfig config, CancellationToken cancellationToken = default);

    ValueTask<INatsJSConsumer> CreateOrderedConsumerAsync(NatsJSOrderedConsumerOpts? opts = null, CancellationToken cancellationToken = default);

    ValueTask<INatsJSConsumer> GetConsumerAsync(string consumer, CancellationToken cancellationToken = default);

    IAsyncEnumerable<INatsJSConsumer> ListConsumersAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<string> ListConsumerNamesAsync(CancellationToken cancellationToken = default);

    ValueTask<bool> DeleteConsumerAsync(string consumer, CancellationToken cancellationToken = default);

    ValueTask RefreshAsync(CancellationToken cancellationToken = default);

    /// <summary>From any replica; needs <see cref="StreamConfig.AllowDirect"/>. The sequence and time are in the headers <c>Nats-Sequence</c> and <c>Nats-Time-Stamp</c>.</summary>
    ValueTask<NatsMsg<T>> GetDirectAsync<T>(StreamMsgGetRequest request, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default);

    /// <summary>From the leader.</summary>
    ValueTask<StreamMsgGetResponse> GetAsync(StreamMsgGetRequest request, CancellationToken cancellationToken = default);
}
