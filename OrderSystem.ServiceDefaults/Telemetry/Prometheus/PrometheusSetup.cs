using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace OrderSystem.ServiceDefaults.Telemetry.Prometheus;

/// <summary>Adds the scrape endpoint when the standard variable enables it: <c>OTEL_METRICS_EXPORTER=prometheus</c>.</summary>
internal static class PrometheusSetup
{
    private const string DefaultHost = "localhost";
    private const int DefaultPort = 9464;

    internal static void AddPrometheus(this IHostApplicationBuilder builder, OpenTelemetryBuilder telemetry)
    {
        var exporters = builder.Configuration["OTEL_METRICS_EXPORTER"]?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        if (!exporters.Contains("prometheus", StringComparer.OrdinalIgnoreCase))
            return;

        var host = builder.Configuration["OTEL_EXPORTER_PROMETHEUS_HOST"] is { Length: > 0 } given ? given : DefaultHost;
        var port = int.TryParse(
            builder.Configuration["OTEL_EXPORTER_PROMETHEUS_PORT"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : DefaultPort;
        telemetry.WithMetrics(metrics => metrics.AddPrometheusExporter(exporter => exporter.ScopeInfoEnabled = false));
        builder.Services.AddSingleton<IHostedService>(services =>
            new PrometheusEndpoint(
                $"http://{host}:{port}", services.GetRequiredService<MeterProvider>(),
                services.GetRequiredService<ILogger<PrometheusEndpoint>>()));
    }
}
