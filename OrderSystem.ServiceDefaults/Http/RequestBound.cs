using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrderSystem.ServiceDefaults.Health;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>Bounds the requests that are under way: whoever comes beyond it is told to come back, before all wait too long. The probes always get through.</summary>
internal sealed class RequestBound(IOptions<LimitOptions> options)
{
    private readonly int most = options.Value.Requests;
    private int underWay;

    internal async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (HealthEndpoints.IsProbe(context.Request.Path.Value ?? ""))
        {
            await next(context);
            return;
        }

        try
        {
            if (Interlocked.Increment(ref underWay) <= most)
                await next(context);
            else
                await RefuseAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return TypedResults.Problem("Too many requests are under way. Nothing was done; try again.", statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
    }
}
