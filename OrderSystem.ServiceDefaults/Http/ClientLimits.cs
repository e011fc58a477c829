using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>Bounds what each client may ask of an instance, so that one cannot keep out the others. Who brings no good token is refused anyway.</summary>
internal static class ClientLimits
{
    internal static void Configure(RateLimiterOptions limiter, LimitOptions limits)
    {
        var atOnce = new ConcurrencyLimiterOptions { PermitLimit = limits.RequestsPerClient };
        var rate = new TokenBucketRateLimiterOptions { TokenLimit = limits.ClientBurst, TokensPerPeriod = limits.ClientRate, ReplenishmentPeriod = TimeSpan.FromSeconds(1) };
        limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            ForEach(client => RateLimitPartition.GetConcurrencyLimiter(client, _ => atOnce)),
            ForEach(client => RateLimitPartition.GetTokenBucketLimiter(client, _ => rate)));
        limiter.OnRejected = AnswerAsync;
    }

    private static PartitionedRateLimiter<HttpContext> ForEach(Func<string, RateLimitPartition<string>> limit) => PartitionedRateLimiter.Create<HttpContext, string>(
        context => context.User.ClientId() is { } client ? limit(client) : RateLimitPartition.GetNoLimiter(""), StringComparer.Ordinal);

    private static async ValueTask AnswerAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var told) ? Math.Ceiling(told.TotalSeconds) : 1;
        rejected.HttpContext.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
        await TypedResults.Problem("This client asks for more than its share. Nothing was done; try again.", statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(rejected.HttpContext);
    }
}
