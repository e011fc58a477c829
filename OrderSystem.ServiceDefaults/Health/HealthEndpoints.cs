using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace OrderSystem.ServiceDefaults.Health;

/// <summary>The three probes. Each answers 200 or 503 and says why.</summary>
public static class HealthEndpoints
{
    /// <summary>A check with this tag decides whether traffic may come.</summary>
    public const string ReadyTag = "ready";

    /// <summary>A check with this tag decides whether the process is alive.</summary>
    public const string LiveTag = "live";

    internal static bool IsProbe(string path) => path is "/health" or "/ready" or "/alive";

    internal static void AddLivenessCheck(this IHostApplicationBuilder builder) =>
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);

    internal static void MapHealthEndpoints(this WebApplication app)
    {
        app.MapProbe("/health", _ => true);
        app.MapProbe("/ready", check => check.Tags.Contains(ReadyTag) || check.Tags.Contains(LiveTag));
        app.MapProbe("/alive", check => check.Tags.Contains(LiveTag));
    }

    private static void MapProbe(this WebApplication app, string path, Func<HealthCheckRegistration, bool> predicate) =>
        app.MapHealthChecks(path, new HealthCheckOptions
        {
            Predicate = predicate,
            ResponseWriter = HealthReportJson.WriteAsync,
            // Degraded is how a client says that it is reconnecting: what depends on it does not work.
            ResultStatusCodes = { [HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable },
        }).DisableHttpMetrics();
}
