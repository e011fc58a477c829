using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.StandIns.OpenTelemetry;

/// <summary>OpenTelemetry.Extensions.Hosting, in front of a real OTLP receiver.</summary>
public sealed class OpenTelemetryHostingTests
{
    private readonly string _name = $"test-{Guid.NewGuid():N}";

    [Fact]
    public async Task Spans_metrics_and_logs_reach_the_receiver_when_the_host_stops()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource(_name);
        using var meter = new Meter(_name);
        var counter = meter.CreateCounter<int>("things.done");

        using (var host = BuildHost(receiver, telemetry => telemetry
            .ConfigureResource(resource => resource.AddService(_name))
            .WithTracing(tracing => tracing.AddSource(_name))
            .WithMetrics(metrics => metrics.AddMeter(_name))
            .WithLogging(configureBuilder: null, logging => logging.IncludeFormattedMessage = true)
            .UseOtlpExporter()))
        {
            await host.StartAsync();
            using (source.StartActivity("work")) counter.Add(1);
            Say(host, "said");
            await host.StopAsync();
        }

        Assert.Contains("work", receiver.Names("traces", _name));
        Assert.Contains("things.done", receiver.Names("metrics", _name));
        Assert.Contains("said", receiver.Names("logs", _name));
    }

    [Fact]
    public async Task Spans_arrive_while_the_host_runs()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource(_name);
        using var host = BuildHost(
            receiver,
            telemetry => telemetry.ConfigureResource(resource => resource.AddService(_name)).WithTracing(tracing => tracing.AddSource(_name)).UseOtlpExporter(),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"));
        await host.StartAsync();

        using (source.StartActivity("live")) { }

        await Eventually.BeTrueAsync("the span is exported", () => Task.FromResult(receiver.Names("traces", _name).Contains("live")));
    }

    [Fact]
    public async Task Repeated_calls_add_up_to_one_provider()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var first = new ActivitySource(_name + ".first");
        using var second = new ActivitySource(_name + ".second");
        using (var host = BuildHost(receiver, telemetry =>
        {
            telemetry.WithTracing(tracing => tracing.AddSource(first.Name));
            telemetry.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(second.Name)).UseOtlpExporter();
            telemetry.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService(_name)).WithTracing();
        }))
        {
            await host.StartAsync();
            Assert.Single(host.Services.GetServices<TracerProvider>());
            using (first.StartActivity("one")) { }
            using (second.StartActivity("two")) { }
        }

        Assert.Equal(["one", "two"], receiver.Names("traces", _name).Order());
    }

    [Fact]
    public async Task The_service_name_of_the_environment_is_used()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource(_name);
        using (var host = BuildHost(
            receiver,
            telemetry => telemetry.WithTracing(tracing => tracing.AddSource(_name)).UseOtlpExporter(),
            ("OTEL_SERVICE_NAME", "from-configuration")))
        {
            await host.StartAsync();
            using (source.StartActivity("named")) { }
        }

        Assert.Contains("named", receiver.Names("traces", "from-configuration"));
    }

    [Fact]
    public async Task Telemetry_is_on_before_other_hosted_services_start()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new());
        Configure(builder, receiver.Address);
        builder.Services.AddSingleton<IHostedService>(new EagerService(_name));
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(_name)).WithTracing(tracing => tracing.AddSource(_name)).UseOtlpExporter();
        using (var host = builder.Build()) await host.StartAsync();

        Assert.Contains("starting", receiver.Names("traces", _name));
    }

    [Fact]
    public void Without_a_signal_nothing_is_registered_for_it()
    {
        var services = new ServiceCollection();
        services.AddOpenTelemetry();
        using var provider = services.BuildServiceProvider();

        Assert.Null(provider.GetService<TracerProvider>());
        Assert.Null(provider.GetService<MeterProvider>());
        Assert.Null(provider.GetService<LoggerProvider>());
        Assert.Throws<ArgumentNullException>(() => OpenTelemetryServicesExtensions.AddOpenTelemetry(null!));
    }

    [Fact]
    public async Task A_receiver_that_is_away_neither_stops_the_host_nor_delays_its_end_for_long()
    {
        using var source = new ActivitySource(_name);
        var builder = Host.CreateEmptyApplicationBuilder(new());
        Configure(builder, new Uri("http://127.0.0.1:9"));
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(_name)).UseOtlpExporter();
        var started = Stopwatch.GetTimestamp();
        using (var host = builder.Build())
        {
            await host.StartAsync();
            using (source.StartActivity("lost")) { }
            await host.StopAsync();
        }

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    private static void Say(IHost host, string what) =>
        LoggerMessage.Define(LogLevel.Warning, new EventId(1), what)(host.Services.GetRequiredService<ILogger<OpenTelemetryHostingTests>>(), null);

    private static IHost BuildHost(
        OtlpReceiver receiver, Action<OpenTelemetryBuilder> add, params (string Key, string Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        Configure(builder, receiver.Address, configuration);
        add(builder.Services.AddOpenTelemetry());
        return builder.Build();
    }

    private static void Configure(HostApplicationBuilder builder, Uri endpoint, params (string Key, string Value)[] configuration) =>
        builder.Configuration.AddInMemoryCollection(configuration
            .Append(("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.ToString()))
            .Append(("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"))
            .Select(pair => KeyValuePair.Create(pair.Item1, (string?)pair.Item2)));

    private sealed class EagerService(string source) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            using var activities = new ActivitySource(source);
            using (activities.StartActivity("starting")) { }
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
