using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OrderSystem.ServiceDefaults.Health;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Http;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.ServiceDefaults;

/// <summary>
/// Defaults of every service: telemetry over OTLP, health endpoints, resilient HTTP clients, startup errors and graceful shutdown.
/// </summary>
public static class ServiceDefaults
{
    /// <summary>How long a graceful shutdown may take to finish the work in flight.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Adds telemetry, the liveness check, timeouts and retries of HTTP clients, startup errors and the shutdown timeout.
    /// </summary>
    /// <param name="builder">The service's builder; its configuration carries the standard <c>OTEL_*</c> settings.</param>
    /// <param name="name">The service name in telemetry unless <c>OTEL_SERVICE_NAME</c> sets one.</param>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, string name)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.AddTelemetry(name);
        builder.AddLivenessCheck();
        builder.AddHttpClientDefaults();
        builder.AddStartupFailureReport();
        return builder;
    }

    /// <summary>Maps <c>/health</c>, <c>/ready</c> and <c>/alive</c>, in every environment.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthEndpoints();
        return app;
    }
}
