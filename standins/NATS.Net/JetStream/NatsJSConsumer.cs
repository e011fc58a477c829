using System.Runtime.CompilerServices;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>A pull consumer; <see cref="Info"/> is as of the last call that returned it.</summary>
public class NatsJSConsumer : INatsJSConsumer
{
    private readonly NatsJSContext _context;
    private readonly string _stream;
    private readonly string _name;

    internal NatsJSConsumer(NatsJSContext context, ConsumerInfo info)
    {
        _context = context;
        _stream = info.StreamName;
        _name = info.Name;
        Info = info;
    }

    public ConsumerInfo Info { get; private set; }

    /// <inheritdoc/>
    public async IAsyncEnumerable<INatsJSMsg<T>> ConsumeAsync<T>(INatsDeserialize<T>? serializer = null, NatsJSConsumeOpts? opts = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var sub = new ConsumeSub<T>(_context, Info, serializer, opts ?? _context.Opts.DefaultConsumeOpts, cancellationToken);
        await foreach (var msg in sub.RunAsync(CancellationToken.None).ConfigureAwait(false))
            yield return msg;
    }

    /// <inheritdoc/>
    public async ValueTask<INatsJSMsg<T>?> NextAsync<T>(INatsDeserialize<T>? serializer = null, NatsJSNextOpts? opts = null, CancellationToken cancellationToken = default)
    {
        opts ??= _context.Opts.DefaultNextOpts;
        var fetch = new NatsJSFetchOpts
        {
            MaxMsgs = 1,
            Expires = opts.Expires,
            IdleHeartbeat = opts.IdleHeartbeat,
            NotificationHandler = opts.NotificationHandler,
            PriorityGroup = opts.PriorityGroup,
        };
        await foreach (var msg in FetchAsync(fetch, serializer, cancellationToken).ConfigureAwait(false))
            return msg;
        return null;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<INatsJSMsg<T>> FetchAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default) =>
        FetchAsync(opts, serializer, noWait: false, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<INatsJSMsg<T>> FetchNoWaitAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = null, CancellationToken cancellationToken = default) =>
        FetchAsync(opts, serializer, noWait: true, cancellationToken);

    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default) =>
        Info = await _context.GetConsumerInfoAsync(_stream, _name, cancellationToken).ConfigureAwait(false);

    public ValueTask UnpinAsync(string group, CancellationToken cancellationToken = default) =>
        _context.UnpinConsumerAsync(_stream, _name, group, cancellationToken);

    private async IAsyncEnumerable<INatsJSMsg<T>> FetchAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer, bool noWait, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(opts);
        var sub = new FetchSub<T>(_context, Info, serializer, opts, noWait, cancellationToken);
        await foreach (var msg in sub.RunAsync(CancellationToken.None).ConfigureAwait(false))
            yield return msg;
    }
}
