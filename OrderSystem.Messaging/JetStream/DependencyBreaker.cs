namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Circuit breaker for the service's own dependencies: consecutive handler failures because of an unavailable database suspend pulling.
/// Without it every message would be redelivered again and again throughout the outage.
/// </summary>
internal sealed class DependencyBreaker(PullGate gate)
{
    /// <summary>
    /// Events that fail in a row without a success between them. A row that another session holds locked fails alone, however often.
    /// </summary>
    private const int Threshold = 3;
    private const string Dependency = "the database";

    private static readonly TimeSpan ShortestBreak = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBreak = TimeSpan.FromSeconds(15);
    private readonly Lock guard = new();
    private readonly HashSet<Guid> failed = [];
    private bool isClean = true;
    private int breaks;

    /// <summary>Until the next half-open probe.</summary>
    internal TimeSpan Remaining => gate.Remaining;

    /// <summary>A handler failed because of a dependency.</summary>
    internal void Failed(Guid eventId)
    {
        lock (guard)
        {
            isClean = false;
            if (failed.Count < Threshold)
                failed.Add(eventId);

            // Messages in flight when the circuit opened fail together and count as one attempt.
            if (failed.Count < Threshold || (gate.IsSuspendedFor(Dependency) && !gate.MayProbe))
                return;
            gate.Suspend(Dependency, TimeSpan.FromTicks(Math.Min(ShortestBreak.Ticks << Math.Min(breaks++, 10), LongestBreak.Ticks)));
        }
    }

    /// <summary>A handler returned a result.</summary>
    internal void Succeeded()
    {
        if (Volatile.Read(ref isClean))
            return;
        lock (guard)
        {
            failed.Clear();
            (isClean, breaks) = (true, 0);
            gate.Resume(Dependency);
        }
    }
}
