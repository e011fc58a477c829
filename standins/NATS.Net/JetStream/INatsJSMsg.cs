using NATS.Client.Core;

namespace NATS.Client.JetStream;

/// <summary>A message of a stream, to be acknowledged.</summary>
public interface INatsJSMsg<out T> : INatsMsg
{
    string Subject { get; }

    int Size { get; }

    T? Data { get; }

    INatsConnection? Connection { get; }

    NatsJSMsgMetadata? Metadata { get; }

    string? ReplyTo { get; }

    NatsException? Error { get; }

    void EnsureSuccess();

    [Obsolete("Reply to a JetStream message acknowledges it; use the Ack methods.")]
    ValueTask ReplyAsync(NatsHeaders? headers = null, string? replyTo = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default);

    ValueTask AckAsync(AckOpts? opts = null, CancellationToken cancellationToken = default);

    /// <summary>Deliver it again, at once or after <see cref="AckOpts.NakDelay"/>.</summary>
    ValueTask NakAsync(AckOpts? opts = null, CancellationToken cancellationToken = default);

    /// <summary>Still working on it: the ack wait starts anew.</summary>
    ValueTask AckProgressAsync(AckOpts? opts = null, CancellationToken cancellationToken = default);

    /// <summary>Never deliver it again.</summary>
    ValueTask AckTerminateAsync(AckOpts? opts = null, CancellationToken cancellationToken = default);
}
