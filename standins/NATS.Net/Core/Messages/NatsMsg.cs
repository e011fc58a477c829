using System.Buffers;

namespace NATS.Client.Core;

public interface INatsMsg
{
    NatsHeaders? Headers { get; }
}

public interface INatsMsg<T> : INatsMsg
{
    string Subject { get; init; }

    string? ReplyTo { get; init; }

    int Size { get; init; }

    T? Data { get; init; }

    INatsConnection? Connection { get; init; }

    NatsException? Error { get; }

    void EnsureSuccess();

    ValueTask ReplyAsync(NatsHeaders? headers = null, string? replyTo = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default);

    ValueTask ReplyAsync<TReply>(TReply data, NatsHeaders? headers = null, string? replyTo = null, INatsSerialize<TReply>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default);

    ValueTask ReplyAsync<TReply>(NatsMsg<TReply> msg, INatsSerialize<TReply>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default);
}

/// <summary>A message. <see cref="Size"/> is in bytes: subject, reply subject, headers and payload.</summary>
public readonly record struct NatsMsg<T> : INatsMsg<T>
{
    public NatsMsg(string subject, string? replyTo, int size, NatsHeaders? headers, T? data, INatsConnection? connection, NatsMsgFlags flags = NatsMsgFlags.None)
    {
        Subject = subject;
        ReplyTo = replyTo;
        Size = size;
        Headers = headers;
        Data = data;
        Connection = connection;
        Flags = flags;
    }

    /// <summary>Why <see cref="Data"/> or <see cref="Headers"/> could not be read.</summary>
    public NatsException? Error => Headers?.Error;

    public string Subject { get; init; }

    public string? ReplyTo { get; init; }

    public int Size { get; init; }

    public NatsMsgFlags Flags { get; init; }

    public NatsHeaders? Headers { get; init; }

    public T? Data { get; init; }

    public INatsConnection? Connection { get; init; }

    public bool IsEmpty => (Flags & NatsMsgFlags.Empty) != NatsMsgFlags.None;

    /// <summary>Nobody listened to the request that this answers.</summary>
    public bool HasNoResponders => (Flags & NatsMsgFlags.NoResponders) != NatsMsgFlags.None;

    /// <exception cref="NatsException"><see cref="Error"/>, or <see cref="NatsNoRespondersException"/>.</exception>
    public void EnsureSuccess()
    {
        if (HasNoResponders)
            throw new NatsNoRespondersException();
        if (Error is { } error)
            throw error;
    }

    public ValueTask ReplyAsync(NatsHeaders? headers = null, string? replyTo = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) =>
        RequireConnection().PublishAsync(RequireReplyTo(), headers, replyTo, opts, cancellationToken);

    public ValueTask ReplyAsync<TReply>(TReply data, NatsHeaders? headers = null, string? replyTo = null, INatsSerialize<TReply>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) =>
        RequireConnection().PublishAsync(RequireReplyTo(), data, headers, replyTo, serializer, opts, cancellationToken);

    public ValueTask ReplyAsync<TReply>(NatsMsg<TReply> msg, INatsSerialize<TReply>? serializer = null, NatsPubOpts? opts = null, CancellationToken cancellationToken = default) =>
        RequireConnection().PublishAsync(msg with { Subject = RequireReplyTo() }, serializer, opts, cancellationToken);

    /// <summary>Reads a message from its parts. What cannot be read is in <see cref="Error"/>, not thrown.</summary>
    public static NatsMsg<T> Build(string subject, string? replyTo, in ReadOnlySequence<byte>? headersBuffer, in ReadOnlySequence<byte> payloadBuffer, INatsConnection? connection, NatsHeaderParser headerParser, INatsDeserialize<T> serializer) =>
        MsgReader.Read(subject, subject, null, replyTo, headersBuffer, payloadBuffer, connection, headerParser, serializer, default);

    private INatsConnection RequireConnection() => Connection ?? throw new NatsException("unable to send reply; message did not originate from a subscription");

    private string RequireReplyTo() => string.IsNullOrEmpty(ReplyTo) ? throw new NatsException("unable to send reply; ReplyTo is empty") : ReplyTo;
}
