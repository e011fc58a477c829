using Polly.CircuitBreaker;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Circuit breaker of an HTTP call: opens for 5 s when a tenth of at least 100 calls in 30 s fail.</summary>
public class HttpCircuitBreakerStrategyOptions : CircuitBreakerStrategyOptions<HttpResponseMessage>
{
    /// <summary>Options with the defaults for HTTP.</summary>
    public HttpCircuitBreakerStrategyOptions() =>
        ShouldHandle = static args => new(HttpClientResiliencePredicates.IsTransient(args.Outcome, args.Context.CancellationToken));
}
