namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// A wall clock that goes on evenly, whatever the machine's is set to. Polly's circuit breaker remembers until what time of day it is open: set back
/// by an hour, it would refuse every call for that hour.
/// </summary>
internal sealed class SteadyTime(TimeProvider time) : TimeProvider
{
    private readonly DateTimeOffset began = time.GetUtcNow();
    private readonly long origin = time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => began + time.GetElapsedTime(origin);

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);
}
