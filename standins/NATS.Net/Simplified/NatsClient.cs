using System.Threading.Channels;
using NATS.Client.Core;

namespace NATS.Net;

/// <summary>A connection with JSON serialisation, whose full subscriptions push back instead of dropping.</summary>
public class NatsClient : INatsClient
{
    private readonly NatsConnection _connection;

    public NatsClient(string url = "nats://localhost:4222", string name = "NATS .NET Client", string? credsFile = null)
        : this(new NatsOpts
        {
            Url = url,
            Name = name,
            AuthOpts = credsFile is null ? NatsAuthOpts.Default : new NatsAuthOpts { CredsFile = credsFile },
        })
    {
    }

    public NatsClient(NatsOpts opts, BoundedChannelFullMode pending = BoundedChannelFullMode.Wait)
    {
        ArgumentNullException.ThrowIfNull(opts);
        _connection = new NatsConnection(opts with
        {
            SubPendingChannelFullMode = pending,
            SerializerRegistry = ReferenceEquals(opts.SerializerRegistry, NatsDefaultSerializerRegistry.Default)
                ? NatsClientDefaultSerializerRegistry.Default
                : opts.SerializerRegistry,
        });
    }

    public INatsConnection Connection => _connection;

    public ValueTask ConnectAsync() => _connection.ConnectAsync();

    public ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => _connection.PingAsync(cancellationToken);

    public ValueTask PublishAsync<T>(string subject, T? data, NatsHeaders? headers = null, string? replyTo = null, INatsSerialize<T>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) =>
        _connection.PublishAsync(subject, data, headers, replyTo, serializer, opts, cancellationToken);

    public ValueTask PublishAsync(string subject, NatsHeaders? headers = null, string? replyTo = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) =>
        _connection.PublishAsync(subject, headers, replyTo, opts, cancellationToken);

    public IAsyncEnumerable<NatsMsg<T>> SubscribeAsync<T>(string subject, string? queueGroup = null, INatsDeserialize<T>? serializer = null, NatsSubOpts? opts = null, CancellationToken cancellationToken = default) =>
        _connection.SubscribeAsync(subject, queueGroup, serializer, opts, cancellationToken);

    public ValueTask<NatsMsg<TReply>> RequestAsync<TRequest, TReply>(string subject, TRequest? data, NatsHeaders? headers = null, INatsSerialize<TRequest>? requestSerializer = null, INatsDeserialize<TReply>? replySerializer = null, NatsPubOpts? requestOpts = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default) =>
        _connection.RequestAsync(subject, data, headers, requestSerializer, replySerializer, requestOpts, replyOpts, cancellationToken);

    public ValueTask<NatsMsg<TReply>> RequestAsync<TReply>(string subject, INatsDeserialize<TReply>? replySerializer = null, NatsSubOpts? replyOpts = null, CancellationToken cancellationToken = default) =>
        _connection.RequestAsync(subject, replySerializer, replyOpts, cancellationToken);

    public ValueTask ReconnectAsync() => _connection.ReconnectAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _connection.DisposeAsync();
    }
}
