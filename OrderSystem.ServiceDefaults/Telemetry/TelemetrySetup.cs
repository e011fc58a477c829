using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using OrderSystem.ServiceDefaults.Telemetry.Prometheus;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>Traces, metrics and logs from what .NET and the libraries measure themselves; no instrumentation packages.</summary>
internal static class TelemetrySetup
{
    /// <summary>The standard variable that says where telemetry goes; nothing is exported without it.</summary>
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string Nats = "NATS.Net";

    internal static void AddTelemetry(this IHostApplicationBuilder builder, string serviceName)
    {
        LineFormatter.AddTo(builder);
        builder.Services.AddTransient<IStartupFilter, RequestSpans>();

        // ASP.NET Core 10 leaves the semantic-convention attributes of its request activity to an instrumentation package unless told otherwise.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Describe(builder.Configuration, serviceName))
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
                    "Polly",
                    Nats)
                .AddView(CountedByMessaging))
            .WithLogging(configureBuilder: null, logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.IncludeScopes = true;
            });

        builder.AddPrometheus(telemetry);
        if (!string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpoint]))
            telemetry.UseOtlpExporter();
    }

    /// <summary>Messages are counted where their order and outcome are known. Of the client's own meter its connection is left: bytes, subscriptions, reconnects, drops.</summary>
    private static MetricStreamConfiguration? CountedByMessaging(Instrument instrument) =>
        instrument.Meter.Name == Nats && instrument.Name.StartsWith("messaging.", StringComparison.Ordinal) ? MetricStreamConfiguration.Drop : null;

    /// <summary>The environment has the last word; what is added later would win over it.</summary>
    private static void Describe(this ResourceBuilder resource, IConfiguration configuration, string serviceName)
    {
        if (string.IsNullOrWhiteSpace(configuration["OTEL_SERVICE_NAME"]) && configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) != true)
            resource.AddService(serviceName, serviceVersion: typeof(TelemetrySetup).Assembly.GetName().Version?.ToString(3));
    }
}
