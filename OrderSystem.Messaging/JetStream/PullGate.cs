namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Suspends pulling while the circuit of a dependency is open: the payment provider's, or that of the service's own database. After the
/// break the circuit is half open and one message at a time probes the dependency. Besides, an operator can pause pulling.
/// </summary>
public sealed class PullGate(TimeProvider time) : IDisposable
{
    private readonly Lock guard = new();
    private readonly Dictionary<string, (long Since, TimeSpan Duration)> breaks = new(StringComparer.Ordinal);
    private CancellationTokenSource stopping = new();
    private TaskCompletionSource? paused;

    /// <summary>Whether the circuit of a dependency is open or half open.</summary>
    public bool IsSuspended
    {
        get
        {
            lock (guard)
                return breaks.Count > 0;
        }
    }

    /// <summary>Whether all breaks have elapsed, so that one message may probe.</summary>
    public bool MayProbe => Remaining == TimeSpan.Zero;

    /// <summary>Whether an operator has paused pulling.</summary>
    public bool IsPaused
    {
        get
        {
            lock (guard)
                return paused is not null;
        }
    }

    /// <summary>The dependencies whose circuits are open, separated by commas.</summary>
    internal string Reason
    {
        get
        {
            lock (guard)
                return string.Join(", ", breaks.Keys);
        }
    }

    /// <summary>Until a message may probe; zero when one may.</summary>
    internal TimeSpan Remaining
    {
        get
        {
            lock (guard)
                return breaks.Values.Select(one => one.Duration - time.GetElapsedTime(one.Since)).Append(TimeSpan.Zero).Max();
        }
    }

    /// <summary>Cancelled when pulling is suspended or paused.</summary>
    internal CancellationToken Stopping
    {
        get
        {
            lock (guard)
                return stopping.Token;
        }
    }

    /// <summary>Whether the circuit of this dependency is open or half open.</summary>
    public bool IsSuspendedFor(string dependency)
    {
        lock (guard)
            return breaks.ContainsKey(dependency);
    }

    /// <summary>Opens the circuit.</summary>
    /// <param name="dependency">The dependency that is down.</param>
    /// <param name="duration">Time until a message may probe it.</param>
    public void Suspend(string dependency, TimeSpan duration)
    {
        CancellationTokenSource toCancel;
        lock (guard)
        {
            breaks[dependency] = (time.GetTimestamp(), duration);
            toCancel = stopping;
        }

        toCancel.Cancel();
    }

    /// <summary>Closes the circuit.</summary>
    /// <param name="dependency">The name given to <see cref="Suspend"/>.</param>
    public void Resume(string dependency)
    {
        lock (guard)
        {
            if (breaks.Remove(dependency))
                Renew();
        }
    }

    /// <summary>Pauses pulling until <see cref="Unpause"/>; messages in flight are finished.</summary>
    /// <returns>False when it is paused already.</returns>
    public bool Pause()
    {
        CancellationTokenSource toCancel;
        lock (guard)
        {
            if (paused is not null)
                return false;
            paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            toCancel = stopping;
        }

        toCancel.Cancel();
        return true;
    }

    /// <summary>Ends a pause.</summary>
    /// <returns>False when it is not paused.</returns>
    public bool Unpause()
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

    internal Task WhenUnpausedAsync(CancellationToken cancellationToken)
    {
        lock (guard)
            return paused?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => stopping.Dispose();

    /// <summary>Resumes only when neither suspended nor paused.</summary>
    private void Renew()
    {
        if (breaks.Count > 0 || paused is not null)
            return;
        stopping.Dispose();
        stopping = new CancellationTokenSource();
    }
}
