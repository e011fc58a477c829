using Polly.RateLimiting;

namespace Polly;

/// <summary>Adds rate limiters to a pipeline.</summary>
public static class RateLimiterResiliencePipelineBuilderExtensions
{
    /// <summary>Adds a rate limiter.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="options">The limit.</param>
    public static TBuilder AddRateLimiter<TBuilder>(this TBuilder builder, RateLimiterStrategyOptions options)
        where TBuilder : ResiliencePipelineBuilderBase
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        return builder.AddStrategy(context => RateLimiterStrategy.Create(options, context), options);
    }
}
