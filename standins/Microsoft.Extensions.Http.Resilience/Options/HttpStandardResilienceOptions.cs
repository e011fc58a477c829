using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>The strategies of the standard handler, from the outside in.</summary>
public class HttpStandardResilienceOptions
{
    /// <summary>Concurrent calls. Default: 1,000, none waiting.</summary>
    [Required]
    public HttpRateLimiterStrategyOptions RateLimiter { get; set; } = new()
    {
        Name = "Standard-RateLimiter",
        DefaultRateLimiterOptions = new ConcurrencyLimiterOptions { PermitLimit = 1000, QueueLimit = 0 },
    };

    /// <summary>The time for all attempts together. Default: 30 s.</summary>
    [Required]
    public HttpTimeoutStrategyOptions TotalRequestTimeout { get; set; } = new() { Name = "Standard-TotalRequestTimeout" };

    /// <summary>Further attempts. Default: 3 from 2 s on, exponential, with jitter.</summary>
    [Required]
    public HttpRetryStrategyOptions Retry { get; set; } = new() { Name = "Standard-Retry" };

    /// <summary>The circuit breaker around each attempt. Default: a tenth of at least 100 calls in 30 s opens it for 5 s.</summary>
    [Required]
    public HttpCircuitBreakerStrategyOptions CircuitBreaker { get; set; } = new() { Name = "Standard-CircuitBreaker" };

    /// <summary>The time for one attempt. Default: 10 s.</summary>
    [Required]
    public HttpTimeoutStrategyOptions AttemptTimeout { get; set; } = new() { Name = "Standard-AttemptTimeout", Timeout = TimeSpan.FromSeconds(10) };
}
