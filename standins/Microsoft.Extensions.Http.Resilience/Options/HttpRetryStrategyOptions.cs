using Polly;
using Polly.Retry;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Retry of an HTTP call: three more attempts from two seconds on, growing, with jitter; a Retry-After header wins.</summary>
public class HttpRetryStrategyOptions : RetryStrategyOptions<HttpResponseMessage>
{
    private bool _shouldRetryAfterHeader;

    /// <summary>Options with the defaults for HTTP.</summary>
    public HttpRetryStrategyOptions()
    {
        ShouldHandle = static args => new(HttpClientResiliencePredicates.IsTransient(args.Outcome, args.Context.CancellationToken));
        BackoffType = DelayBackoffType.Exponential;
        UseJitter = true;
        ShouldRetryAfterHeader = true;
    }

    /// <summary>Whether the server's Retry-After header sets the delay. Setting it replaces <c>DelayGenerator</c>. Default: true.</summary>
    public bool ShouldRetryAfterHeader
    {
        get => _shouldRetryAfterHeader;
        set
        {
            _shouldRetryAfterHeader = value;
            DelayGenerator = value ? static args => new(RetryAfter(args.Outcome.Result)) : null;
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage? response) => response?.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date - TimeProvider.System.GetUtcNow() is { Ticks: > 0 } wait => wait,
        { Date: not null } => TimeSpan.Zero,
        _ => null,
    };
}
