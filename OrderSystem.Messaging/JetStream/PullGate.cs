namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Stops a service's consumers from pulling while what they need is known to be down. When the break is over, one message at a time may try;
/// the first that succeeds opens the gate. Beside that an operator can pause pulling, until somebody resumes it.
/// </summary>
public sealed class PullGate(TimeProvider time) : IDisposable
{
    private readonly Lock guard = new();
    private CancellationTokenSource closing = new();
    private DateTimeOffset? closedUntil;
    private TaskCompletionSource? paused;

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

    /// <summary>Whether an operator has paused pulling.</summary>
    public bool IsPaused
    {
        get
        {
            lock (guard)
                return paused is not null;
        }
    }

    /// <summary>How long it stays closed before one message may try; zero when one may.</summary>
    internal TimeSpan Remaining
    {
        get
        {
            lock (guard)
                return closedUntil is { } until && until > time.GetUtcNow() ? until - time.GetUtcNow() : TimeSpan.Zero;
        }
    }

    /// <summary>Cancelled when the gate closes or pulling is paused.</summary>
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
            Renew();
        }
    }

    /// <summary>Stops pulling until <see cref="Resume"/>; what is being handled is finished.</summary>
    /// <returns>False when it is paused already.</returns>
    public bool Pause()
    {
        CancellationTokenSource toCancel;
        lock (guard)
        {
            if (paused is not null)
                return false;
            paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            toCancel = closing;
        }

        toCancel.Cancel();
        return true;
    }

    /// <summary>Goes on after <see cref="Pause"/>.</summary>
    /// <returns>False when it is not paused.</returns>
    public bool Resume()
    {
        lock (guard)
        {
            if (paused is null)
                return false;
            paused.SetResult();
            paused = null;
            Renew();
            return true;
        }
    }

    internal Task WhenResumedAsync(CancellationToken cancellationToken)
    {
        lock (guard)
            return paused?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => closing.Dispose();

    // What is both closed and paused stays stopped until it is neither.
    private void Renew()
    {
        if (closedUntil is not null || paused is not null)
            return;
        closing.Dispose();
        closing = new CancellationTokenSource();
    }
}
