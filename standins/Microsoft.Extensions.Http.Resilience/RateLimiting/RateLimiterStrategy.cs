using System.Threading.RateLimiting;

namespace Polly.RateLimiting;

internal sealed class RateLimiterStrategy(
    Func<RateLimiterArguments, ValueTask<RateLimitLease>> limiter,
    RateLimiter? owned,
    Func<OnRateLimiterRejectedArguments, ValueTask>? onRejected,
    Telemetry.ResilienceStrategyTelemetry telemetry) : ResilienceStrategy, IDisposable
{
    public static RateLimiterStrategy Create(RateLimiterStrategyOptions options, StrategyBuilderContext context)
    {
        var owned = options.RateLimiter is null ? new ConcurrencyLimiter(options.DefaultRateLimiterOptions) : null;
        return new(
            options.RateLimiter ?? (args => owned!.AcquireAsync(1, args.Context.CancellationToken)),
            owned,
            options.OnRejected,
            context.Telemetry);
    }

    public void Dispose() => owned?.Dispose();

    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        using var lease = await limiter(new(context)).ConfigureAwait(context.ContinueOnCapturedContext);
        if (lease.IsAcquired) return await callback(context, state).ConfigureAwait(context.ContinueOnCapturedContext);

        var rejected = new OnRateLimiterRejectedArguments(context, lease);
        telemetry.Report(new(Telemetry.ResilienceEventSeverity.Error, "OnRateLimiterRejected"), context, rejected);
        if (onRejected is not null) await onRejected(rejected).ConfigureAwait(context.ContinueOnCapturedContext);

        return Outcome.FromException<TResult>(lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter)
            ? new RateLimiterRejectedException(retryAfter)
            : new RateLimiterRejectedException());
    }
}
