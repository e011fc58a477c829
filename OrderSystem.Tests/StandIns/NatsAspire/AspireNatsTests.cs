using System.Diagnostics;
using Aspire.NATS.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OpenTelemetry;
using OpenTelemetry.Trace;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.StandIns.NatsAspire;

/// <summary>Aspire.NATS.Net against a real server.</summary>
public sealed class AspireNatsTests(AspireNatsTests.Server server) : IClassFixture<AspireNatsTests.Server>
{
    private readonly string subject = $"test.{Guid.NewGuid():N}";

    [Fact]
    public async Task One_connection_is_registered_under_all_its_types_and_speaks_JSON()
    {
        using var host = await HostAsync(builder => builder.AddNatsClient("nats"), ("ConnectionStrings:nats", server.Url));
        var connection = host.Services.GetRequiredService<NatsConnection>();
        Assert.Same(connection, host.Services.GetRequiredService<INatsConnection>());
        Assert.Same(connection, host.Services.GetRequiredService<INatsClient>());

        await connection.ConnectAsync();
        await using var subscription = await connection.SubscribeCoreAsync<Note>(subject);
        await connection.PingAsync();
        await connection.PublishAsync(subject, new Note("hello", 7));

        var message = await subscription.Msgs.ReadAsync();
        Assert.Equal(new Note("hello", 7), message.Data);
    }

    [Fact]
    public async Task JetStream_works_over_the_connection()
    {
        using var host = await HostAsync(
            builder =>
            {
                builder.AddNatsClient("nats");
                builder.AddNatsJetStream();
            },
            ("ConnectionStrings:nats", server.Url));
        var jetStream = host.Services.GetRequiredService<INatsJSContext>();

        await jetStream.CreateStreamAsync(new StreamConfig("ASPIRE", [subject]));
        var ack = await jetStream.PublishAsync(subject, new Note("kept", 1));

        ack.EnsureSuccess();
        Assert.Equal("ASPIRE", ack.Stream);
    }

    [Fact]
    public async Task Options_can_be_changed_but_not_the_url()
    {
        using var host = await HostAsync(
            builder => builder.AddNatsClient("nats", (services, options) =>
            {
                Assert.NotNull(services.GetService<IConfiguration>());
                return options with { Name = "configured", Url = "nats://127.0.0.1:1" };
            }),
            ("ConnectionStrings:nats", server.Url));

        var connection = host.Services.GetRequiredService<NatsConnection>();
        Assert.Equal("configured", connection.Opts.Name);
        Assert.NotEqual("nats://127.0.0.1:1", connection.Opts.Url);
        await connection.ConnectAsync();
        Assert.Equal(NatsConnectionState.Open, connection.ConnectionState);
    }

    [Fact]
    public async Task The_connection_string_takes_precedence_over_the_configuration_sections()
    {
        NatsClientSettings? seen = null;
        using var host = await HostAsync(
            builder => builder.AddNatsClient("nats", settings => seen = settings),
            ("Aspire:NATS:Net:ConnectionString", "nats://section"),
            ("Aspire:NATS:Net:DisableTracing", "true"),
            ("Aspire:NATS:Net:nats:ConnectionString", "nats://subsection"),
            ("ConnectionStrings:nats", server.Url));
        Assert.Equal(server.Url, seen!.ConnectionString);
        Assert.True(seen.DisableTracing);
        Assert.Null(host.Services.GetService<TracerProvider>());

        using var other = await HostAsync(
            builder => builder.AddNatsClient("nats", settings => seen = settings),
            ("Aspire:NATS:Net:ConnectionString", "nats://section"),
            ("Aspire:NATS:Net:nats:ConnectionString", "nats://subsection"));
        Assert.Equal("nats://subsection", seen.ConnectionString);
    }

    [Fact]
    public async Task A_missing_connection_string_is_named_when_the_connection_is_first_resolved()
    {
        using var host = await HostAsync(builder => builder.AddNatsClient("nats"));

        var failure = Assert.Throws<InvalidOperationException>(host.Services.GetRequiredService<INatsConnection>);
        Assert.Contains("ConnectionStrings:nats", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keyed_connections_are_independent()
    {
        using var host = await HostAsync(
            builder =>
            {
                builder.AddKeyedNatsClient("one");
                builder.AddKeyedNatsClient("two", options => options with { Name = "second" });
            },
            ("ConnectionStrings:one", server.Url),
            ("ConnectionStrings:two", server.Url));

        var two = host.Services.GetRequiredKeyedService<INatsConnection>("two");
        Assert.Equal("second", two.Opts.Name);
        Assert.Same(two, host.Services.GetRequiredKeyedService<INatsClient>("two"));
        Assert.NotSame(two, host.Services.GetRequiredKeyedService<INatsConnection>("one"));
        Assert.Null(host.Services.GetService<INatsConnection>());
        Assert.Equal(
            ["NATS_one", "NATS_two"],
            host.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations
                .Select(check => check.Name).Order());
    }

    [Fact]
    public async Task The_health_check_opens_the_connection_and_follows_the_server()
    {
        await using var own = await NatsServer.StartAsync();
        using var host = await HostAsync(
            builder => builder.AddNatsClient("nats", options => options with
            {
                ReconnectWaitMin = TimeSpan.FromMilliseconds(50), ReconnectWaitMax = TimeSpan.FromMilliseconds(100),
            }),
            ("ConnectionStrings:nats", own.Url));
        var health = host.Services.GetRequiredService<HealthCheckService>();
        async Task<HealthStatus> StatusAsync() => (await health.CheckHealthAsync()).Entries["NATS"].Status;

        Assert.Equal(HealthStatus.Healthy, await StatusAsync());
        Assert.Equal(NatsConnectionState.Open, host.Services.GetRequiredService<INatsConnection>().ConnectionState);

        await own.KillAsync();
        await Eventually.BeTrueAsync("the check is degraded", async () => await StatusAsync() == HealthStatus.Degraded);

        await own.StartAgainAsync();
        await Eventually.BeTrueAsync("the check is healthy again", async () => await StatusAsync() == HealthStatus.Healthy);
    }

    [Fact]
    public async Task An_unreachable_server_is_unhealthy_with_the_reason()
    {
        using var host = await HostAsync(builder => builder.AddNatsClient("nats"), ("ConnectionStrings:nats", "nats://127.0.0.1:1"));

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

        Assert.Equal(HealthStatus.Unhealthy, report.Entries["NATS"].Status);
        Assert.IsType<NatsException>(report.Entries["NATS"].Exception, exactMatch: false);
    }

    [Fact]
    public async Task Publishing_is_traced()
    {
        var spans = new List<Activity>();
        using var host = await HostAsync(
            builder =>
            {
                builder.AddNatsClient("nats");
                builder.Services.AddOpenTelemetry()
                    .WithTracing(tracing => tracing.AddProcessor(new SimpleActivityExportProcessor(new Collector(spans))));
            },
            ("ConnectionStrings:nats", server.Url));

        await host.Services.GetRequiredService<INatsConnection>().PublishAsync(subject, new Note("traced", 1));

        Assert.Contains(spans, span => span.Source.Name == "NATS.Net" && span.OperationName.EndsWith("publish", StringComparison.Ordinal));
    }

    private static async Task<IHost> HostAsync(Action<HostApplicationBuilder> add, params (string Key, string Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(configuration.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
        add(builder);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private sealed record Note(string Text, int Number);

    /// <summary>One server for the tests that do not stop it.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private NatsServer? process;

        public string Url => process!.Url;

        public async ValueTask InitializeAsync() => process = await NatsServer.StartAsync();

        public ValueTask DisposeAsync() => process?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private sealed class Collector(List<Activity> spans) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch) spans.Add(span);
            return ExportResult.Success;
        }
    }
}
