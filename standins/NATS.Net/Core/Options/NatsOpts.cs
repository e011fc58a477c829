using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace NATS.Client.Core;

/// <summary>Everything a connection can be told. Immutable: change it with <c>opts with { ... }</c>.</summary>
public sealed record NatsOpts
{
    public static readonly NatsOpts Default = new();

    /// <summary>One server, or several separated by commas: <c>nats://user:password@host:4222</c>, <c>tls://host</c>, <c>token@host</c>. Userinfo is percent-decoded.</summary>
    public string Url { get; init; } = "nats://localhost:4222";

    public string Name { get; init; } = "NATS .NET Client";

    public bool Echo { get; init; } = true;

    public bool Verbose { get; init; }

    public bool Headers { get; init; } = true;

    public NatsAuthOpts AuthOpts { get; init; } = NatsAuthOpts.Default;

    public NatsTlsOpts TlsOpts { get; init; } = NatsTlsOpts.Default;

    public NatsWebSocketOpts WebSocketOpts { get; init; } = NatsWebSocketOpts.Default;

    public INatsSerializerRegistry SerializerRegistry { get; init; } = NatsDefaultSerializerRegistry.Default;

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Bytes. Publishes wait once sixteen times this much is waiting for the socket.</summary>
    public int WriterBufferSize { get; init; } = 65536;

    public int ReaderBufferSize { get; init; } = 65536;

    /// <summary>The largest payload in bytes that is accepted from a server, whatever it announces.</summary>
    public int MaxPayloadHardCap { get; init; } = 64 * 1024 * 1024;

    public bool UseThreadPoolCallback { get; init; }

    public string InboxPrefix { get; init; } = "_INBOX";

    /// <summary>Try the servers in the order given instead of a random one.</summary>
    public bool NoRandomize { get; init; }

    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A server that left this many pings unanswered is given up at the next interval.</summary>
    public int MaxPingOut { get; init; } = 2;

    public TimeSpan ReconnectWaitMin { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan ReconnectJitter { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    public int ObjectPoolSize { get; init; } = 256;

    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan SubscriptionCleanUpInterval { get; init; } = TimeSpan.FromMinutes(5);

    public Encoding HeaderEncoding { get; init; } = Encoding.ASCII;

    public Encoding SubjectEncoding { get; init; } = Encoding.ASCII;

    public bool WaitUntilSent { get; init; }

    /// <summary>On dispose, unsubscribe, take what is under way, let the readers finish and flush, before the socket closes.</summary>
    public bool DrainSubscriptionsOnDispose { get; init; }

    /// <summary>With <see cref="DrainSubscriptionsOnDispose"/>: how long dispose waits for JetStream loops to handle what is buffered.</summary>
    public TimeSpan? ConsumerDrainOnDisposeTimeout { get; init; }

    public TimeSpan DrainPingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts before the connection fails for good; -1 for ever.</summary>
    public int MaxReconnectRetry { get; init; } = -1;

    public TimeSpan ReconnectWaitMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Keep reconnecting although the server refused the credentials twice with the same words.</summary>
    public bool IgnoreAuthErrorAbort { get; init; }

    public int SubPendingChannelCapacity { get; init; } = 1024;

    public BoundedChannelFullMode SubPendingChannelFullMode { get; init; } = BoundedChannelFullMode.DropNewest;

    public NatsRequestReplyMode RequestReplyMode { get; init; } = NatsRequestReplyMode.SharedInbox;

    public INatsSocketConnectionFactory? SocketConnectionFactory { get; init; }

    /// <summary>Keep trying when no server answers the first time, instead of throwing.</summary>
    public bool RetryOnInitialConnect { get; init; }

    /// <summary>Throw <see cref="NatsTimeoutException"/> when a publish waited <see cref="CommandTimeout"/> for a lost connection.</summary>
    public bool PublishTimeoutOnDisconnected { get; init; }

    public bool SkipSubjectValidation { get; init; }

    public bool SuppressSlowConsumerWarnings { get; init; }
}
