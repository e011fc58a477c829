namespace OrderSystem.Tests.Support;

/// <summary>A clock that goes on only when it is told to. Its timers fire once, in <see cref="Advance"/>.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Alarm> alarms = [];
    private long ticks = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan)
            throw new NotSupportedException("This clock has no timers that repeat.");

        var alarm = new Alarm(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    internal void Advance(TimeSpan by)
    {
        Interlocked.Add(ref ticks, by.Ticks);
        Alarm[] due;
        lock (gate)
        {
            due = [.. alarms.Where(alarm => alarm.At <= ticks)];
            alarms.RemoveAll(due.Contains);
        }

        foreach (var alarm in due)
            alarm.Ring();
    }

    private sealed class Alarm(ManualTime time, Action ring) : ITimer
    {
        internal long At { get; private set; }

        internal Action Ring => ring;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.gate)
            {
                time.alarms.Remove(this);
                At = time.GetTimestamp() + dueTime.Ticks;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    time.alarms.Add(this);
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
