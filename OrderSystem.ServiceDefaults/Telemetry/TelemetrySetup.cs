using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>Traces, metrics and logs from what .NET and the libraries measure themselves; no instrumentation packages.</summary>
internal static class TelemetrySetup
{
    /// <summary>The standard variable that says where telemetry goes; nothing is exported without it.</summary>
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    internal static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Services.AddTransient<IStartupFilter, RequestSpans>();

        // ASP.NET Core 10 leaves the semantic-convention attributes of its request activity to an instrumentation package unless told otherwise.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        var telemetry = builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing
                .AddSource("OrderSystem.*", "Microsoft.AspNetCore", "System.Net.Http", "Npgsql")
                .AddProcessor<ProbeFilter>())
            .WithMetrics(metrics => metrics
                .AddMeter(
                    "OrderSystem.*",
                    "Microsoft.AspNetCore.Hosting",
                    "Microsoft.AspNetCore.Server.Kestrel",
                    "System.Net.Http",
                    "System.Runtime",
                    "Npgsql",
                    "Polly"))
            .WithLogging(configureBuilder: null, logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.IncludeScopes = true;
            });

        if (!string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpoint]))
            telemetry.UseOtlpExporter();
    }
}
