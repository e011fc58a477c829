namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// A circuit breaker for the service's own infrastructure: handlers that fail one after the other because the database is away suspend pulling. Without
/// it every message would be delivered again and again for as long as the outage lasts.
/// </summary>
internal sealed class InfrastructureBreaker(PullGate gate)
{
    /// <summary>Events that fail in a row, with no success between: a row that another session holds locked fails alone, however often.</summary>
    private const int Threshold = 3;
    private const string Dependency = "the database";

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);
    private readonly Lock guard = new();
    private readonly HashSet<Guid> failed = [];
    private bool isClean = true;
    private int breaks;

    /// <summary>How long pulling stays suspended.</summary>
    internal TimeSpan Remaining => gate.Remaining;

    /// <summary>A handler failed for the infrastructure.</summary>
    internal void Failed(Guid eventId)
    {
        lock (guard)
        {
            isClean = false;
            if (failed.Count < Threshold)
                failed.Add(eventId);

            // What was in flight when the gate closed fails together, and is one failed attempt.
            if (failed.Count < Threshold || (gate.IsClosedFor(Dependency) && !gate.IsBreakOver))
                return;
            gate.Close(Dependency, TimeSpan.FromTicks(Math.Min(Shortest.Ticks << Math.Min(breaks++, 10), Longest.Ticks)));
        }
    }

    /// <summary>A handler came to an end of its own.</summary>
    internal void Succeeded()
    {
        if (Volatile.Read(ref isClean))
            return;
        lock (guard)
        {
            failed.Clear();
            (isClean, breaks) = (true, 0);
            gate.Open(Dependency);
        }
    }
}
