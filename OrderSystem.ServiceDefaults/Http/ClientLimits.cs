using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>
/// Limits concurrent requests and request rate of each client on one instance, so that one client cannot starve the others. Requests
/// without a valid token are rejected by authorization anyway.
/// </summary>
internal static class ClientLimits
{
    internal static void Configure(RateLimiterOptions limiter, LimitOptions limits)
    {
        var concurrency = new ConcurrencyLimiterOptions { PermitLimit = limits.RequestsPerClient };
        var rate = new TokenBucketRateLimiterOptions
        {
            TokenLimit = limits.ClientBurst,
            TokensPerPeriod = limits.ClientRate,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        };
        limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            ForEach(client => RateLimitPartition.GetConcurrencyLimiter(client, _ => concurrency)),
            ForEach(client => RateLimitPartition.GetTokenBucketLimiter(client, _ => rate)));
        limiter.OnRejected = AnswerAsync;
    }

    private static PartitionedRateLimiter<HttpContext> ForEach(Func<string, RateLimitPartition<string>> limit) =>
        PartitionedRateLimiter.Create<HttpContext, string>(
            context => context.User.ClientId() is { } client ? limit(client) : RateLimitPartition.GetNoLimiter(""), StringComparer.Ordinal);

    private static async ValueTask AnswerAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? Math.Ceiling(retryAfter.TotalSeconds) : 1;
        rejected.HttpContext.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
        await TypedResults.Problem(
            "The client exceeds its limit of requests. Nothing was done; retry after the number of seconds in Retry-After.",
            statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(rejected.HttpContext);
    }
}
