namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// A clock that ignores adjustments of the system clock. Polly's circuit breaker stores the wall-clock time until which it is open: if the
/// clock were set back by an hour, it would reject every call for that hour.
/// </summary>
internal sealed class MonotonicTimeProvider(TimeProvider time) : TimeProvider
{
    private readonly DateTimeOffset began = time.GetUtcNow();
    private readonly long origin = time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => began + time.GetElapsedTime(origin);

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
