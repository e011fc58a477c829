using NATS.Client.Core;

namespace NATS.Client.JetStream;

/// <inheritdoc cref="INatsJSMsg{T}"/>
public readonly struct NatsJSMsg<T>(NatsMsg<T> msg, INatsJSContext context) : INatsJSMsg<T>
{
    private readonly NatsMsg<T> _msg = msg;

    public string Subject => _msg.Subject;

    /// <summary>Bytes: subject, reply subject, headers and payload.</summary>
    public int Size => _msg.Size;

    public NatsHeaders? Headers => _msg.Headers;

    public T? Data => _msg.Data;

    public INatsConnection? Connection => _msg.Connection;

    public NatsJSMsgMetadata? Metadata => AckSubject.Parse(_msg.ReplyTo);

    public string? ReplyTo => _msg.ReplyTo;

    public NatsException? Error => _msg.Error;

    public void EnsureSuccess() => _msg.EnsureSuccess();

    [Obsolete("Reply to a JetStream message acknowledges it; use the Ack methods.")]
    public ValueTask ReplyAsync(NatsHeaders? headers = null, string? replyTo = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) =>
        _msg.ReplyAsync(headers, replyTo, opts, cancellationToken);

    public ValueTask AckAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        SendAsync(AckBody.Ack, opts, cancellationToken);

    public ValueTask NakAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        SendAsync(AckBody.Nak(opts?.NakDelay), opts, cancellationToken);

    public ValueTask AckProgressAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        SendAsync(AckBody.Progress, opts, cancellationToken);

    public ValueTask AckTerminateAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        SendAsync(AckBody.Terminate(opts?.TerminateReason, Connection?.ServerInfo), opts, cancellationToken);

    private ValueTask SendAsync(ReadOnlyMemory<byte> body, AckOpts? opts, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(_msg.ReplyTo))
            throw new NatsJSException("The message cannot be acknowledged: it has no reply subject");

        return opts?.DoubleAck ?? context.Opts.DoubleAck
            ? ConfirmAsync(_msg.ReplyTo, body, cancellationToken)
            : context.Connection.PublishAsync(_msg.ReplyTo, body, serializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default, cancellationToken: cancellationToken);
    }

    private async ValueTask ConfirmAsync(string replyTo, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        await context.Connection.RequestAsync(
            replyTo,
            body,
            requestSerializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default,
            replySerializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default,
            replyOpts: new NatsSubOpts { Timeout = context.Opts.RequestTimeout },
            cancellationToken: cancellationToken).ConfigureAwait(false);
}
