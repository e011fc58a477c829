using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrderSystem.ServiceDefaults.Health;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>
/// Names a request's span after its route and adds the attributes that are known only at its end. ASP.NET Core 10 sets those known at the
/// start; remove this class when it sets these too.
/// </summary>
internal sealed class RequestSpans : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (context, following) =>
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await following(context);
            }
            finally
            {
                if (Activity.Current is { } span && IsKept(span, context, Stopwatch.GetElapsedTime(started)))
                    Complete(span, context);
            }
        });
        next(app);
    };

    /// <summary>Sampled, or not sampled but failed or slow. A probe that answers 503 is no failed request.</summary>
    private static bool IsKept(Activity span, HttpContext context, TimeSpan duration)
    {
        if (span.IsAllDataRequested)
            return true;
        var isOfInterest = context.Response.StatusCode >= StatusCodes.Status500InternalServerError || duration > KeptSpans.Slow;
        if (!KeptSpans.IsEnabled || !isOfInterest || HealthEndpoints.IsProbe(context.Request.Path))
            return false;
        span.Keep();
        span.SetTag("http.request.method", context.Request.Method);
        span.SetTag("url.path", context.Request.Path.Value);
        return true;
    }

    private static void Complete(Activity span, HttpContext context)
    {
        if ((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } route)
        {
            span.DisplayName = $"{context.Request.Method} {route}";
            span.SetTag("http.route", route);
        }
        else
        {
            span.DisplayName = context.Request.Method;
        }

        var status = context.Response.StatusCode;
        span.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetTag("error.type", status.ToString(CultureInfo.InvariantCulture));
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
