namespace OrderSystem.PaymentGateway.Faults;

/// <summary>A token bucket that holds one second's worth.</summary>
internal sealed class RequestRate(double perSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly double _capacity = Math.Max(1, perSecond);
    private double _tokens = Math.Max(1, perSecond);
    private long _filledAt = time.GetTimestamp();

    /// <summary>Null when the request may pass, else the time to wait, in whole seconds as Retry-After wants it.</summary>
    public TimeSpan? Take()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(_capacity, _tokens + (time.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond));
            _filledAt = now;
            if (_tokens < 1) return TimeSpan.FromSeconds(Math.Ceiling((1 - _tokens) / perSecond));
            _tokens--;
            return null;
        }
    }
}
