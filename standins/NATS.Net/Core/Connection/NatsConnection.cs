using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

/// <summary>
/// One connection, for the whole process to share: it connects at the first use, reconnects by itself and keeps its subscriptions.
/// Publishes of all callers are written together; all answers come through one inbox subscription.
/// </summary>
public partial class NatsConnection : INatsConnection
{
    private readonly ILogger _logger;
    private readonly CommandWriter _writer;
    private readonly SubscriptionManager _subs;
    private readonly EventDispatcher _events;
    private readonly ServerPool _servers;

    public NatsConnection()
        : this(NatsOpts.Default)
    {
    }

    public NatsConnection(NatsOpts opts)
    {
        ArgumentNullException.ThrowIfNull(opts);
        if (opts.WaitUntilSent)
            throw new NotSupportedException($"{nameof(NatsOpts)}.{nameof(NatsOpts.WaitUntilSent)}");
        Opts = opts;
        HeaderParser = new NatsHeaderParser(opts.HeaderEncoding);
        _logger = opts.LoggerFactory.CreateLogger<NatsConnection>();
        _events = new EventDispatcher(_logger);
        _servers = new ServerPool(opts);
        _writer = new CommandWriter(opts, OnWriteFailed);
        _subs = new SubscriptionManager(_writer, opts);
        _connector = new Connector(this, Core.SubscriptionManager.InboxSid);
    }

    public event AsyncEventHandler<NatsEventArgs>? ConnectionDisconnected;

    public event AsyncEventHandler<NatsEventArgs>? ConnectionOpened;

    public event AsyncEventHandler<NatsEventArgs>? ReconnectFailed;

    public event AsyncEventHandler<NatsMessageDroppedEventArgs>? MessageDropped;

    public event AsyncEventHandler<NatsSlowConsumerEventArgs>? SlowConsumerDetected;

    public event AsyncEventHandler<NatsLameDuckModeActivatedEventArgs>? LameDuckModeActivated;

    public event AsyncEventHandler<NatsServerErrorEventArgs>? ServerError;

    public INatsConnection Connection => this;

    public NatsOpts Opts { get; }

    public NatsConnectionState ConnectionState => (NatsConnectionState)Volatile.Read(ref _state);

    public INatsServerInfo? ServerInfo => Volatile.Read(ref _serverInfo);

    public INatsSubscriptionManager SubscriptionManager => _subs;

    public NatsHeaderParser HeaderParser { get; }

    public Func<(string Host, int Port), ValueTask<(string Host, int Port)>>? OnConnectingAsync { get; set; }

    public Func<INatsSocketConnection, ValueTask<INatsSocketConnection>>? OnSocketAvailableAsync { get; set; }

    public string NewInbox() => _subs.Inbox.NewSubject();

    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        await EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        var waiter = new PingWaiter();
        _writer.Ping(waiter);
        return await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public BoundedChannelOptions GetBoundedChannelOpts(NatsSubChannelOpts? subChannelOpts) =>
        new(subChannelOpts?.Capacity ?? Opts.SubPendingChannelCapacity)
        {
            FullMode = subChannelOpts?.FullMode ?? Opts.SubPendingChannelFullMode,
            SingleWriter = true,
            SingleReader = false,
            AllowSynchronousContinuations = false,
        };

    public void OnMessageDropped<T>(NatsSubBase natsSub, int pending, NatsMsg<T> msg)
    {
        ArgumentNullException.ThrowIfNull(natsSub);
        _events.Raise(MessageDropped, this, new NatsMessageDroppedEventArgs(natsSub, pending, msg.Subject, msg.ReplyTo, msg.Headers, msg.Data));
        if (natsSub.IsSlow)
            return;

        natsSub.IsSlow = true;
        if (!Opts.SuppressSlowConsumerWarnings)
            Log.SlowConsumer(_logger, natsSub.Subject);
        _events.Raise(SlowConsumerDetected, this, new NatsSlowConsumerEventArgs(natsSub));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Connected to {Server}, nats-server {Version}")]
        public static partial void Connected(ILogger logger, ServerUrl server, string version);

        [LoggerMessage(LogLevel.Warning, "Lost the connection to {Server}")]
        public static partial void Disconnected(ILogger logger, Exception exception, ServerUrl server);

        [LoggerMessage(LogLevel.Warning, "Could not connect to {Server}, attempt {Attempt}")]
        public static partial void ConnectFailed(ILogger logger, Exception exception, ServerUrl server, int attempt);

        [LoggerMessage(LogLevel.Error, "Gave up connecting to {Servers}: {Reason}")]
        public static partial void GaveUp(ILogger logger, string servers, string reason);

        [LoggerMessage(LogLevel.Warning, "The server reports an error: {Error}")]
        public static partial void ServerReported(ILogger logger, string error);

        [LoggerMessage(LogLevel.Warning, "Subscription to {Subject} is too slow: messages are dropped")]
        public static partial void SlowConsumer(ILogger logger, string subject);
    }
}
