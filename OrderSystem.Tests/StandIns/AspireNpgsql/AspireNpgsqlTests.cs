using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.StandIns.AspireNpgsql;

/// <summary>Aspire.Npgsql against a real server.</summary>
public sealed class AspireNpgsqlTests(AspireNpgsqlTests.Server server) : IClassFixture<AspireNpgsqlTests.Server>
{
    [Fact]
    public async Task The_connection_string_of_that_name_is_used()
    {
        using var host = await HostAsync(builder => builder.AddNpgsqlDataSource("orders"), ("ConnectionStrings:orders", server.ConnectionString));

        var dataSource = host.Services.GetRequiredService<NpgsqlDataSource>();
        Assert.Equal(1, await dataSource.CreateCommand("SELECT 1").ExecuteScalarAsync());
        Assert.Same(dataSource, host.Services.GetRequiredService<NpgsqlDataSource>());

        await using var connection = host.Services.GetRequiredService<NpgsqlConnection>();
        await connection.OpenAsync();
        await using var other = host.Services.GetRequiredService<NpgsqlConnection>();
        Assert.NotSame(connection, other);
    }

    [Fact]
    public async Task Settings_come_from_the_section_then_from_its_subsection_then_from_code()
    {
        global::Aspire.Npgsql.NpgsqlSettings? seen = null;
        using var host = await HostAsync(
            builder => builder.AddNpgsqlDataSource("orders", settings =>
            {
                seen = settings;
                settings.ConnectionString = server.ConnectionString;
            }),
            ("Aspire:Npgsql:ConnectionString", "Host=section"),
            ("Aspire:Npgsql:DisableTracing", "true"),
            ("Aspire:Npgsql:orders:DisableMetrics", "true"));

        Assert.True(seen!.DisableTracing);
        Assert.True(seen.DisableMetrics);
        Assert.False(seen.DisableHealthChecks);
        Assert.Equal(1, await host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT 1").ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_missing_connection_string_is_named_when_the_data_source_is_first_resolved()
    {
        using var host = await HostAsync(builder => builder.AddNpgsqlDataSource("orders"));

        var failure = Assert.Throws<InvalidOperationException>(host.Services.GetRequiredService<NpgsqlDataSource>);
        Assert.Contains("ConnectionStrings:orders", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_data_source_builder_can_be_configured()
    {
        using var host = await HostAsync(
            builder => builder.AddNpgsqlDataSource(
                "orders", configureDataSourceBuilder: dataSource => dataSource.ConnectionStringBuilder.ApplicationName = "configured"),
            ("ConnectionStrings:orders", server.ConnectionString));

        Assert.Equal("configured", await host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SHOW application_name").ExecuteScalarAsync());
    }

    [Fact]
    public async Task Keyed_data_sources_stand_side_by_side()
    {
        using var host = await HostAsync(
            builder =>
            {
                builder.AddKeyedNpgsqlDataSource("orders");
                builder.AddKeyedNpgsqlDataSource("payments");
            },
            ("ConnectionStrings:orders", server.ConnectionString),
            ("ConnectionStrings:payments", server.ConnectionString + ";Application Name=payments"));

        var payments = host.Services.GetRequiredKeyedService<NpgsqlDataSource>("payments");
        Assert.Equal("payments", await payments.CreateCommand("SHOW application_name").ExecuteScalarAsync());
        Assert.NotSame(payments, host.Services.GetRequiredKeyedService<NpgsqlDataSource>("orders"));
        Assert.Null(host.Services.GetService<NpgsqlDataSource>());
        Assert.Equal(["PostgreSql_orders", "PostgreSql_payments"], CheckNames(host).Order());
    }

    [Fact]
    public async Task The_health_check_follows_the_server()
    {
        await using var own = await PostgresServer.StartAsync();
        using var host = await HostAsync(
            builder => builder.AddNpgsqlDataSource("orders"),
            ("ConnectionStrings:orders", own.ConnectionString("postgres") + ";Timeout=2"));
        var health = host.Services.GetRequiredService<HealthCheckService>();

        var before = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Healthy, before.Entries["PostgreSql"].Status);

        await own.StopAsync();
        var during = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, during.Entries["PostgreSql"].Status);
        Assert.NotNull(during.Entries["PostgreSql"].Exception);

        await own.StartAgainAsync();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
    }

    [Fact]
    public async Task Health_check_traces_and_metrics_can_be_left_out()
    {
        using var host = await HostAsync(
            builder => builder.AddNpgsqlDataSource("orders", settings =>
                (settings.DisableHealthChecks, settings.DisableTracing, settings.DisableMetrics) = (true, true, true)),
            ("ConnectionStrings:orders", server.ConnectionString));

        Assert.Null(host.Services.GetService<HealthCheckService>());
        Assert.Null(host.Services.GetService<TracerProvider>());
        Assert.Null(host.Services.GetService<MeterProvider>());
    }

    [Fact]
    public async Task Commands_are_traced_and_metered()
    {
        var spans = new List<Activity>();
        var metrics = new List<string>();
        using var host = await HostAsync(
            builder =>
            {
                builder.AddNpgsqlDataSource("orders");
                builder.Services.AddOpenTelemetry()
                    .WithTracing(tracing => tracing.AddProcessor(new SimpleActivityExportProcessor(new Exporter<Activity>(spans.Add))))
                    .WithMetrics(meters => meters.AddReader(new BaseExportingMetricReader(new Exporter<Metric>(metric => metrics.Add(metric.Name)))));
            },
            ("ConnectionStrings:orders", server.ConnectionString + ";Database=postgres"));

        await host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT 'traced'").ExecuteScalarAsync();
        host.Services.GetRequiredService<MeterProvider>().ForceFlush();

        Assert.Contains(spans, span => span.Source.Name == "Npgsql");
        Assert.Contains(metrics, name => name.StartsWith("db.client.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Adding_twice_makes_one_data_source_and_one_health_check()
    {
        using var host = await HostAsync(
            builder =>
            {
                builder.AddNpgsqlDataSource("orders");
                builder.AddNpgsqlDataSource("orders");
            },
            ("ConnectionStrings:orders", server.ConnectionString));

        Assert.Single(host.Services.GetServices<NpgsqlDataSource>());
        Assert.Equal(["PostgreSql"], CheckNames(host));
    }

    private static IEnumerable<string> CheckNames(IHost host) =>
        host.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Select(check => check.Name);

    private static async Task<IHost> HostAsync(Action<HostApplicationBuilder> add, params (string Key, string Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(configuration.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
        add(builder);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>One server for the tests that do not stop it.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private PostgresServer? _process;

        public string ConnectionString { get; private set; } = string.Empty;

        public async ValueTask InitializeAsync()
        {
            _process = await PostgresServer.StartAsync();
            ConnectionString = await _process.CreateDatabaseAsync();
        }

        public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private sealed class Exporter<T>(Action<T> take) : BaseExporter<T>
        where T : class
    {
        public override ExportResult Export(in Batch<T> batch)
        {
            foreach (var item in batch) take(item);
            return ExportResult.Success;
        }
    }
}
