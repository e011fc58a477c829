using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>A stream; <see cref="Info"/> is as of the last call that returned it.</summary>
public class NatsJSStream : INatsJSStream
{
    private readonly NatsJSContext _context;
    private readonly string _name;

    internal NatsJSStream(NatsJSContext context, StreamInfo info)
    {
        _context = context;
        _name = info.Config.Name!;
        Info = info;
    }

    public StreamInfo Info { get; private set; }

    public ValueTask<bool> DeleteAsync(CancellationToken cancellationToken = default) => _context.DeleteStreamAsync(_name, cancellationToken);

    public ValueTask<StreamPurgeResponse> PurgeAsync(StreamPurgeRequest request, CancellationToken cancellationToken = default) =>
        _context.PurgeStreamAsync(_name, request, cancellationToken);

    public ValueTask<StreamMsgDeleteResponse> DeleteMessageAsync(StreamMsgDeleteRequest request, CancellationToken cancellationToken = default) =>
        _context.DeleteMessageAsync(_name, request, cancellationToken);

    public async ValueTask UpdateAsync(StreamConfig request, CancellationToken cancellationToken = default)
    {
        var updated = await _context.UpdateStreamAsync(request, cancellationToken).ConfigureAwait(false);
        Info = updated.Info;
    }

    public ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(ConsumerConfig config, CancellationToken cancellationToken = default) =>
        _context.CreateOrUpdateConsumerAsync(_name, config, cancellationToken);

    public ValueTask<INatsJSConsumer> CreateOrderedConsumerAsync(NatsJSOrderedConsumerOpts? opts = null, CancellationToken cancellationToken = default) =>
        _context.CreateOrderedConsumerAsync(_name, opts, cancellationToken);

    public ValueTask<INatsJSConsumer> GetConsumerAsync(string consumer, CancellationToken cancellationToken = default) =>
        _context.GetConsumerAsync(_name, consumer, cancellationToken);

    public IAsyncEnumerable<INatsJSConsumer> ListConsumersAsync(CancellationToken cancellationToken = default) => _context.ListConsumersAsync(_name, cancellationToken);

    public IAsyncEnumerable<string> ListConsumerNamesAsync(CancellationToken cancellationToken = default) => _context.ListConsumerNamesAsync(_name, cancellationToken);

    public ValueTask<bool> DeleteConsumerAsync(string consumer, CancellationToken cancellationToken = default) =>
        _context.DeleteConsumerAsync(_name, consumer, cancellationToken);

    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default) =>
        Info = await _context.GetStreamInfoAsync(_name, null, cancellationToken).ConfigureAwait(false);

    public async ValueTask<NatsMsg<T>> GetDirectAsync<T>(StreamMsgGetRequest request, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default)
    {
        var msg = await _context.Core.AskAsync(
            $"{_context.Opts.Prefix}.DIRECT.GET.{_name}",
            request,
            null,
            ApiRequestSerializer<StreamMsgGetRequest>.Default,
            serializer,
            _context.Opts.RequestTimeout,
            cancellationToken).ConfigureAwait(false);
        return msg.Headers is { Code: >= 400 and not 503 } status
            ? throw new NatsJSApiException(new ApiError { Code = status.Code, Description = status.MessageText })
            : msg.HasNoResponders ? throw new NatsNoRespondersException() : msg;
    }

    public ValueTask<StreamMsgGetResponse> GetAsync(StreamMsgGetRequest request, CancellationToken cancellationToken = default) =>
        _context.CallAsync<StreamMsgGetRequest, StreamMsgGetResponse>($"STREAM.MSG.GET.{_name}", request, cancellationToken);
}
