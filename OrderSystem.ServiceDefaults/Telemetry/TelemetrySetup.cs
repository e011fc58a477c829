using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Telemetry.Prometheus;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>Traces, metrics and logs from the instrumentation inside .NET and the client libraries; no instrumentation packages.</summary>
internal static class TelemetrySetup
{
    /// <summary>The standard variable for the OTLP endpoint; nothing is exported over OTLP without it.</summary>
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The standard variable for the sampler; the SDK reads it only when no sampler is set.</summary>
    private const string Sampler = "OTEL_TRACES_SAMPLER";

    private const string Nats = "NATS.Net";

    internal static void AddTelemetry(this IHostApplicationBuilder builder, string serviceName)
    {
        LineFormatter.AddTo(builder);
        builder.Services.AddTransient<IStartupFilter, RequestSpans>();

        // Without this switch ASP.NET Core 10 leaves the semantic-convention attributes of its request activity to an instrumentation
        // package.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        builder.AddValidatedOptions<TelemetryOptions>(TelemetryOptions.Section);
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
                .AddView(DropMessageMetrics))
            .WithLogging(configureBuilder: null, logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.IncludeScopes = true;
            });

        KeptSpans.IsEnabled = string.IsNullOrWhiteSpace(builder.Configuration[Sampler]);
        if (KeptSpans.IsEnabled)
        {
            telemetry.WithTracing(tracing => tracing.SetSampler(provider => new ParentBasedSampler(new TraceSampler(
                provider.GetRequiredService<IOptions<TelemetryOptions>>().Value.TracesPerSecond,
                provider.GetRequiredService<TimeProvider>()))));
        }

        builder.AddPrometheus(telemetry);
        if (!string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpoint]))
            telemetry.UseOtlpExporter();
    }

    /// <summary>
    /// Drops the NATS client's message metrics: OrderSystem.Messaging counts messages where their order and outcome are known. The client's
    /// connection metrics stay: bytes, subscriptions, reconnects, drops.
    /// </summary>
    private static MetricStreamConfiguration? DropMessageMetrics(Instrument instrument) =>
        instrument.Meter.Name == Nats && instrument.Name.StartsWith("messaging.", StringComparison.Ordinal)
            ? MetricStreamConfiguration.Drop
            : null;

    /// <summary>
    /// Adds the service name only when no environment variable sets it: a resource added here would override the environment.
    /// </summary>
    private static void Describe(this ResourceBuilder resource, IConfiguration configuration, string serviceName)
    {
        if (string.IsNullOrWhiteSpace(configuration["OTEL_SERVICE_NAME"])
            && configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) != true)
            resource.AddService(serviceName, serviceVersion: typeof(TelemetrySetup).Assembly.GetName().Version?.ToString(3));
    }
}
