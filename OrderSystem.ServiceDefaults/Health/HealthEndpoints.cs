using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace OrderSystem.ServiceDefaults.Health;

/// <summary>The three probes; each answers 200 or 503 with a JSON report.</summary>
public static class HealthEndpoints
{
    /// <summary>Tag of a check that decides readiness: whether the instance gets traffic.</summary>
    public const string ReadyTag = "ready";

    /// <summary>Tag of a check that decides liveness: whether the process has to be restarted.</summary>
    public const string LiveTag = "live";

    internal static bool IsProbe(string path) => path is "/health" or "/ready" or "/alive";

    internal static void AddLivenessCheck(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CachedHealth>();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        builder.Services.AddSingleton<IHealthCheckPublisher, HealthGauge>();
        builder.Services.Configure<HealthCheckPublisherOptions>(publisher => publisher.Period = HealthGauge.Period);
    }

    internal static void MapHealthEndpoints(this WebApplication app)
    {
        app.MapProbe("/health", _ => true);
        app.MapProbe("/ready", check => check.Tags.Contains(ReadyTag) || check.Tags.Contains(LiveTag));
        app.MapProbe("/alive", check => check.Tags.Contains(LiveTag));
    }

    private static void MapProbe(this WebApplication app, string path, Func<HealthCheckRegistration, bool> predicate)
    {
        var health = app.Services.GetRequiredService<CachedHealth>();
        app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], async context =>
        {
            var report = await health.ReportAsync(path, predicate);

            // A client reports Degraded while it reconnects: requests that need it fail.
            context.Response.StatusCode = report.Status == HealthStatus.Healthy
                ? StatusCodes.Status200OK
                : StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.CacheControl = "no-store";
            await HealthReportJson.WriteAsync(context, report);
        }).AllowAnonymous().DisableHttpMetrics().ExcludeFromDescription();
    }
}
