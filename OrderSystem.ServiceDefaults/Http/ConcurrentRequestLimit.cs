using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrderSystem.ServiceDefaults.Health;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>Limits concurrent requests: a further one gets 503 with Retry-After instead of slowing down all. Probes are exempt.</summary>
internal sealed class ConcurrentRequestLimit(IOptions<LimitOptions> options)
{
    private readonly int limit = options.Value.Requests;
    private int inFlight;

    internal async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (HealthEndpoints.IsProbe(context.Request.Path.Value ?? ""))
        {
            await next(context);
            return;
        }

        try
        {
            if (Interlocked.Increment(ref inFlight) <= limit)
                await next(context);
            else
                await RefuseAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref inFlight);
        }
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return TypedResults.Problem(
            "The instance is at its limit of concurrent requests. Nothing was done; retry after the number of seconds in Retry-After.",
            statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
    }
}
