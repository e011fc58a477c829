namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Stops a service's consumers from pulling while what they need is known to be down. When the break is over, one message at a time may try;
/// the first that succeeds opens the gate.
/// </summary>
public sealed class PullGate(TimeProvider time) : IDisposable
{
    private readonly Lock guard = new();
    private CancellationTokenSource closing = new();
    private DateTimeOffset? closedUntil;

    /// <summary>Whether pulling is stopped, or only one message at a time may try.</summary>
    public bool IsClosed
    {
        get
        {
            lock (guard)
                return closedUntil is not null;
        }
    }

    /// <summary>Whether the break is over, so that one may try.</summary>
    public bool IsBreakOver => Remaining == TimeSpan.Zero;

    /// <summary>How long it stays closed before one message may try; zero when one may.</summary>
    internal TimeSpan Remaining
    {
        get
        {
            lock (guard)
                return closedUntil is { } until && until > time.GetUtcNow() ? until - time.GetUtcNow() : TimeSpan.Zero;
        }
    }

    /// <summary>Cancelled when the gate closes.</summary>
    internal CancellationToken Closing
    {
        get
        {
            lock (guard)
                return closing.Token;
        }
    }

    /// <summary>Stops pulling.</summary>
    /// <param name="duration">After which one message may try.</param>
    public void Close(TimeSpan duration)
    {
        CancellationTokenSource toCancel;
        lock (guard)
        {
            closedUntil = time.GetUtcNow() + duration;
            toCancel = closing;
        }

        toCancel.Cancel();
    }

    /// <summary>Lets everything through again.</summary>
    public void Open()
    {
        lock (guard)
        {
            if (closedUntil is null)
                return;
            closedUntil = null;
            closing.Dispose();
            closing = new CancellationTokenSource();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => closing.Dispose();
}
