using System.Buffers;

namespace NATS.Client.Core;

/// <summary>A subscription: what ends it, and what it does with what it receives.</summary>
public abstract class NatsSubBase : IAsyncDisposable
{
    private readonly INatsSubscriptionManager _manager;
    private readonly NatsSubOpts? _opts;
    private readonly SubTimers _timers;
    private readonly CancellationToken _token;
    private CancellationTokenRegistration _cancellation;
    private int _endReason;
    private int _remaining;

    /// <summary>Creates a subscription; <see cref="INatsConnection.AddSubAsync"/> starts it.</summary>
    protected NatsSubBase(INatsConnection connection, INatsSubscriptionManager manager, string subject, string? queueGroup, NatsSubOpts? opts, CancellationToken cancellationToken = default)
    {
        Connection = connection;
        Subject = subject;
        QueueGroup = queueGroup;
        _manager = manager;
        _opts = opts;
        _remaining = opts?.MaxMsgs ?? -1;
        _timers = new SubTimers(opts, EndSubscription);
        _token = cancellationToken;
    }

    public string Subject { get; }

    public string? QueueGroup { get; }

    public NatsSubEndReason EndReason => (NatsSubEndReason)Volatile.Read(ref _endReason);

    public Exception? Exception { get; private set; }

    /// <summary>How many more messages may come; -1 for any number.</summary>
    public int PendingMsgs => Volatile.Read(ref _remaining);

    protected INatsConnection Connection { get; }

    internal int Sid { get; set; }

    internal long InboxToken { get; set; } = -1;

    /// <summary>Set while it cannot keep up.</summary>
    internal bool IsSlow { get; set; }

    /// <summary>Completes when the reader has taken everything.</summary>
    internal virtual Task Finished => Task.CompletedTask;

    internal virtual bool IsJetStream => false;

    internal NatsSubOpts? SubOpts => _opts;

    internal bool HasEnded => EndReason != NatsSubEndReason.None;

    /// <summary>The subscription is known to the connection: timers begin.</summary>
    public virtual ValueTask ReadyAsync()
    {
        _timers.Start();
        _cancellation = _token.UnsafeRegister(static sub => ((NatsSubBase)sub!).EndSubscription(NatsSubEndReason.Cancelled), this);
        return default;
    }

    /// <summary>Stops at once; what is buffered stays readable.</summary>
    public virtual ValueTask UnsubscribeAsync()
    {
        if (TryEnd(NatsSubEndReason.None))
            TryComplete();
        return _manager.RemoveAsync(this);
    }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return UnsubscribeAsync();
    }

    /// <summary>Called by the connection for each message; an exception ends the subscription.</summary>
    public virtual async ValueTask ReceiveAsync(string subject, string? replyTo, ReadOnlySequence<byte>? headersBuffer, ReadOnlySequence<byte> payloadBuffer)
    {
        if (HasEnded)
            return;

        _timers.OnMessage();
        try
        {
            await ReceiveInternalAsync(subject, replyTo, headersBuffer, payloadBuffer).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // It belongs to this subscription, not to the connection.
        catch (Exception e)
#pragma warning restore CA1031
        {
            SetException(e);
        }
    }

    internal virtual void OnReconnected()
    {
    }

    /// <summary>The connection is over.</summary>
    internal void Close(Exception? reason)
    {
        if (reason is not null)
            SetException(reason);
        else if (TryEnd(NatsSubEndReason.None))
            TryComplete();
    }

    protected abstract ValueTask ReceiveInternalAsync(string subject, string? replyTo, ReadOnlySequence<byte>? headersBuffer, ReadOnlySequence<byte> payloadBuffer);

    /// <summary>No more messages: complete whatever the reader waits for, with <see cref="Exception"/> if there is one.</summary>
    protected abstract void TryComplete();

    protected void SetException(Exception exception)
    {
        Exception ??= exception;
        EndSubscription(NatsSubEndReason.Exception);
    }

    protected void EndSubscription(NatsSubEndReason reason)
    {
        if (!TryEnd(reason))
            return;
        TryComplete();
        _ = _manager.RemoveAsync(this).AsTask();
    }

    /// <summary>Counts one message; the last one ends the subscription.</summary>
    protected void DecrementMaxMsgs()
    {
        if (_remaining > 0 && Interlocked.Decrement(ref _remaining) == 0)
            EndSubscription(NatsSubEndReason.MaxMsgs);
    }

    private bool TryEnd(NatsSubEndReason reason)
    {
        // None would look like "not ended", so a plain unsubscribe counts as cancelled.
        var ended = (int)(reason == NatsSubEndReason.None ? NatsSubEndReason.Cancelled : reason);
        if (Interlocked.CompareExchange(ref _endReason, ended, (int)NatsSubEndReason.None) != (int)NatsSubEndReason.None)
            return false;
        _timers.Stop();
        _cancellation.Unregister();
        return true;
    }
}
