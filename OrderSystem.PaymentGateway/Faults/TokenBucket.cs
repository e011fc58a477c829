namespace OrderSystem.PaymentGateway.Faults;

/// <summary>A token bucket with a burst of one second.</summary>
internal sealed class TokenBucket(double perSecond, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly double capacity = Math.Max(1, perSecond);
    private double tokens = Math.Max(1, perSecond);
    private long filledAt = time.GetTimestamp();

    /// <summary>Null if the request may pass, else the time to wait in whole seconds, the unit of Retry-After.</summary>
    public TimeSpan? TryTake()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            tokens = Math.Min(capacity, tokens + (time.GetElapsedTime(filledAt, now).TotalSeconds * perSecond));
            filledAt = now;
            if (tokens < 1) return TimeSpan.FromSeconds(Math.Ceiling((1 - tokens) / perSecond));
            tokens--;
            return null;
        }
    }
}
