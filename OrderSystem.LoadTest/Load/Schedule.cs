namespace OrderSystem.LoadTest.Load;

/// <summary>When each request of an open loop is due: evenly spaced, whatever the results of earlier requests.</summary>
internal sealed record Schedule(double PerSecond, TimeSpan Duration)
{
    internal long Count => (long)Math.Floor(PerSecond * Duration.TotalSeconds);

    /// <summary>The time since the start.</summary>
    internal TimeSpan DueAt(long number) => TimeSpan.FromTicks((long)(number * (TimeSpan.TicksPerSecond / PerSecond)));
}
