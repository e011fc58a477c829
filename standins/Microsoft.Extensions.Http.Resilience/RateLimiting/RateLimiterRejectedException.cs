namespace Polly.RateLimiting;

/// <summary>A rate limiter rejected the call.</summary>
public sealed class RateLimiterRejectedException : ExecutionRejectedException
{
    private const string DefaultMessage = "The operation could not be executed because it was rejected by the rate limiter.";

    /// <summary>Without a hint when to come again.</summary>
    public RateLimiterRejectedException()
        : base(DefaultMessage)
    {
    }

    /// <summary>With the time after which the limiter may accept.</summary>
    /// <param name="retryAfter">The wait that the limiter proposes.</param>
    public RateLimiterRejectedException(TimeSpan retryAfter)
        : base($"{DefaultMessage} It can be retried after '{retryAfter}'.") => RetryAfter = retryAfter;

    /// <summary>The wait that the limiter proposes; null when it knows none.</summary>
    public TimeSpan? RetryAfter { get; }
}
