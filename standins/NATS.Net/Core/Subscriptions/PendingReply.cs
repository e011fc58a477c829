using System.Buffers;
using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace NATS.Client.Core;

/// <summary>A request that waits for its answer. Whoever takes it out of the inbox completes it, so it completes once.</summary>
internal abstract class PendingReply
{
    public long Token { get; set; }

    /// <summary>In milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long Deadline { get; init; }

    public abstract void Complete(string subject, string? replyTo, in ReadOnlySequence<byte>? headers, in ReadOnlySequence<byte> payload);

    public abstract void Fail(Exception exception);
}

internal sealed class PendingReply<T>(NatsConnection connection, INatsDeserialize<T> serializer, ActivityContext request)
    : PendingReply, IValueTaskSource<NatsMsg<T>>
{
    private ManualResetValueTaskSourceCore<NatsMsg<T>> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;

    /// <summary>To be awaited once.</summary>
    public ValueTask<NatsMsg<T>> Task => new(this, _core.Version);

    public void CancelWith(Inbox inbox, CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled)
            return;
        _cancellation = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var (inbox, reply) = ((Inbox, PendingReply<T>))state!;
                if (inbox.TryRemove(reply.Token))
                    reply.Fail(new OperationCanceledException(token));
            },
            (inbox, this));
    }

    public override void Complete(string subject, string? replyTo, in ReadOnlySequence<byte>? headers, in ReadOnlySequence<byte> payload) =>
        _core.SetResult(MsgReader.Read(subject, subject, null, replyTo, headers, payload, connection, connection.HeaderParser, serializer, request));

    public override void Fail(Exception exception) => _core.SetException(exception);

    public NatsMsg<T> GetResult(short token)
    {
        _cancellation.Dispose();
        return _core.GetResult(token);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
