namespace OrderSystem.LoadTest.Load;

/// <summary>When each request of an open loop is due: evenly spaced, whatever became of those before it.</summary>
internal sealed record Schedule(double PerSecond, TimeSpan Duration)
{
    internal long Count => (long)Math.Floor(PerSecond * Duration.TotalSeconds);

    /// <summary>Since the beginning.</summary>
    internal TimeSpan DueAt(long number) => TimeSpan.FromTicks((long)(number * (TimeSpan.TicksPerSecond / PerSecond)));
}
