using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OrderSystem.ServiceDefaults.Health;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Http;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.ServiceDefaults;

/// <summary>What every service gets: telemetry over OTLP, health endpoints, resilience of HTTP clients, and a start and a stop that can be read.</summary>
public static class ServiceDefaults
{
    /// <summary>How long a service may take to finish what it has begun once it was asked to stop.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Adds telemetry, the liveness check, deadlines and repetitions of HTTP clients, and the shutdown timeout.</summary>
    /// <param name="builder">The service's builder; its configuration carries the standard <c>OTEL_*</c> settings.</param>
    /// <param name="name">What its telemetry is called where <c>OTEL_SERVICE_NAME</c> does not say so.</param>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, string name)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.AddTelemetry(name);
        builder.AddLivenessCheck();
        builder.AddHttpClientDefaults();
        builder.AddStartupReport();
        return builder;
    }

    /// <summary>Maps <c>/health</c>, <c>/ready</c> and <c>/alive</c>, in every environment.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthEndpoints();
        return app;
    }
}
