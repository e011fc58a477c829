using Polly.RateLimiting;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Limit of concurrent HTTP calls. Default: 1,000, none waiting.</summary>
public class HttpRateLimiterStrategyOptions : RateLimiterStrategyOptions;
