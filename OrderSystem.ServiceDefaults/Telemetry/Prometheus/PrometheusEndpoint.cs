using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.ServiceDefaults.Telemetry.Prometheus;

/// <summary>
/// <c>GET /metrics</c> for Prometheus on its own address: clients of the service must not read its metrics, and the scraper must not reach
/// the service.
/// </summary>
internal sealed partial class PrometheusEndpoint(string url, MeterProvider meters, ILogger<PrometheusEndpoint> logger)
    : IHostedService, IAsyncDisposable
{
    private WebApplication? server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        server = builder.Build();
        server.UseOpenTelemetryPrometheusScrapingEndpoint(
            meters, predicate: null, path: "/metrics", configureBranchedPipeline: null, optionsName: null);
        try
        {
            await server.StartAsync(cancellationToken);
        }
        catch (IOException failure) when (failure.InnerException is AddressInUseException)
        {
            throw new StartupException($"{failure.Message} Stop the other process or set OTEL_EXPORTER_PROMETHEUS_PORT to a free port.");
        }

        Log.Listening(logger, server.Urls.First());
    }

    public Task StopAsync(CancellationToken cancellationToken) => server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => server?.DisposeAsync() ?? default;

    private static partial class Log
    {
        [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "Prometheus scrape endpoint: {Url}/metrics")]
        internal static partial void Listening(ILogger logger, string url);
    }
}
