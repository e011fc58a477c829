namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Suspends pulling while a dependency is known to be down: the payment provider, or the service's own infrastructure. When its break is over,
/// one message at a time may try; the first that succeeds opens the gate. Beside that an operator can pause pulling and resume it.
/// </summary>
public sealed class PullGate(TimeProvider time) : IDisposable
{
    private readonly Lock guard = new();
    private readonly Dictionary<string, (long Since, TimeSpan Duration)> breaks = new(StringComparer.Ordinal);
    private CancellationTokenSource closing = new();
    private TaskCompletionSource? paused;

    /// <summary>Whether pulling is suspended, or only one message at a time may try.</summary>
    public bool IsClosed
    {
        get
        {
            lock (guard)
                return breaks.Count > 0;
        }
    }

    /// <summary>Whether the breaks are over, so that one message may try.</summary>
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

    /// <summary>What is down, separated by commas.</summary>
    internal string Reason
    {
        get
        {
            lock (guard)
                return string.Join(", ", breaks.Keys);
        }
    }

    /// <summary>How long it stays closed before one message may try; zero when one may.</summary>
    internal TimeSpan Remaining
    {
        get
        {
            lock (guard)
                return breaks.Values.Select(one => one.Duration - time.GetElapsedTime(one.Since)).Append(TimeSpan.Zero).Max();
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

    /// <summary>Whether pulling is suspended because of this dependency.</summary>
    public bool IsClosedFor(string dependency)
    {
        lock (guard)
            return breaks.ContainsKey(dependency);
    }

    /// <summary>Suspends pulling.</summary>
    /// <param name="dependency">What is down.</param>
    /// <param name="duration">After which one message may try.</param>
    public void Close(string dependency, TimeSpan duration)
    {
        CancellationTokenSource toCancel;
        lock (guard)
        {
            breaks[dependency] = (time.GetTimestamp(), duration);
            toCancel = closing;
        }

        toCancel.Cancel();
    }

    /// <summary>The dependency works again. Pulling goes on when no other is down.</summary>
    /// <param name="dependency">As it was named when the gate closed.</param>
    public void Open(string dependency)
    {
        lock (guard)
        {
            if (breaks.Remove(dependency))
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

    /// <summary>Resumes only when neither suspended nor paused.</summary>
    private void Renew()
    {
        if (breaks.Count > 0 || paused is not null)
            return;
        closing.Dispose();
        closing = new CancellationTokenSource();
    }
}
