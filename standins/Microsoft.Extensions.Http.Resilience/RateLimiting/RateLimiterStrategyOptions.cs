using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;

namespace Polly.RateLimiting;

/// <summary>A limit in front of a call; what is over it is rejected or waits.</summary>
public class RateLimiterStrategyOptions : ResilienceStrategyOptions
{
    /// <summary>Options for a limit of 1,000 concurrent calls.</summary>
    public RateLimiterStrategyOptions() => Name = "RateLimiter";

    /// <summary>Makes a lease for a call; null: a concurrency limiter of <see cref="DefaultRateLimiterOptions"/>.</summary>
    public Func<RateLimiterArguments, ValueTask<RateLimitLease>>? RateLimiter { get; set; }

    /// <summary>Default: 1,000 permits, none waiting.</summary>
    [Required]
    public ConcurrencyLimiterOptions DefaultRateLimiterOptions { get; set; } = new() { PermitLimit = 1000, QueueLimit = 0 };

    /// <summary>Called before a rejected call throws <see cref="RateLimiterRejectedException"/>.</summary>
    public Func<OnRateLimiterRejectedArguments, ValueTask>? OnRejected { get; set; }
}

/// <summary>What a limiter gets.</summary>
/// <param name="context">The context of the call.</param>
public readonly struct RateLimiterArguments(ResilienceContext context)
{
    /// <summary>The context of the call.</summary>
    public ResilienceContext Context { get; } = context;
}

/// <summary>What <see cref="RateLimiterStrategyOptions.OnRejected"/> gets.</summary>
/// <param name="context">The context of the call.</param>
/// <param name="lease">The lease that was refused.</param>
public readonly struct OnRateLimiterRejectedArguments(ResilienceContext context, RateLimitLease lease)
{
    /// <summary>The context of the call.</summary>
    public ResilienceContext Context { get; } = context;

    /// <summary>The lease that was refused.</summary>
    public RateLimitLease Lease { get; } = lease;
}
