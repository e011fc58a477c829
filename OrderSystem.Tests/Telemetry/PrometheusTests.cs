using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>The scrape endpoint and the alert rules, checked with Prometheus itself.</summary>
public sealed partial class PrometheusTests : IAsyncLifetime
{
    private RunningSystem system = null!;

    public async ValueTask InitializeAsync() => system = await RunningSystem.StartAsync(new()
    {
        ["OTEL_METRICS_EXPORTER"] = "prometheus",
        ["Audit__Every"] = "00:00:02",
        ["OTEL_EXPORTER_PROMETHEUS_HOST"] = "127.0.0.1",
        ["OTEL_EXPORTER_PROMETHEUS_PORT"] = "0",
    });

    public ValueTask DisposeAsync() => system.DisposeAsync();

    [Fact]
    public async Task The_metrics_pass_the_linter_and_include_all_that_alerts_and_dashboard_query()
    {
        using var client = new Client(system.OrderApi.Address);
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");
        using (var invalid = await client.Http.PostAsJsonAsync("/orders", new { }))
            Assert.False(invalid.IsSuccessStatusCode);

        var names = new HashSet<string>(StringComparer.Ordinal);
        var audited = await system.StartServiceAsync(
            "OrderSystem.OrderApi",
            ("Audit__WorkerUrl", system.Worker.Address.OriginalString), ("Audit__LedgerUrl", system.Gateway.Address.OriginalString));
        foreach (var (service, measured) in new[]
        {
            (system.OrderApi, "ordersystem_audit_disagreements"),
            (audited, "ordersystem_audit_conclusive_timestamp_seconds"),
            (system.Worker, "ordersystem_outbox_parked"),
        })
        {
            var text = await Eventually.GetAsync("the gauges are exported", () => ScrapeAsync(service), text =>
                new[] { "ordersystem_consumer_pending{", "ordersystem_health_status{", measured }
                    .All(name => text.Contains(name, StringComparison.Ordinal)));
            Assert.Equal("", ForeignMetrics().Replace(await PromtoolAsync(text, "check", "metrics"), ""));
            names.UnionWith(text.Split('\n')
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => line[..line.IndexOfAny(['{', ' '])]));
        }

        var rules = await File.ReadAllTextAsync(Path.Combine(Solution.Root, "deploy", "prometheus", "alerts.yml"));
        using var grafana = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(Solution.Root, "deploy", "grafana", "ordersystem.json")));
        var expressions = grafana.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!);
        var queried = expressions.Append(rules)
            .SelectMany(text => Metric().Matches(text)).Select(match => match.Value).Distinct().ToArray();
        Assert.True(queried.Length > 15);
        Assert.Empty(queried.Except(names));
        Assert.Contains("ordersystem_orders_finished_total", names);
        Assert.Matches(Accepted(), await ScrapeAsync(system.OrderApi));
        Assert.Contains("ordersystem_requests_rejected_total", names);
        Assert.Contains("messaging_process_duration_seconds_bucket", names);
        Assert.Contains(names, name => name.StartsWith("dotnet_", StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith("kestrel_", StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith("db_client_", StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith("nats_client_", StringComparison.Ordinal));
        Assert.DoesNotContain("messaging_client_published_messages_total", names);
    }

    [Fact]
    public async Task Prometheus_scrapes_both_services_without_a_warning()
    {
        var folder = Directory.CreateTempSubdirectory("ordersystem-prometheus-");
        var targets = string.Join("\n", new[] { ("order-api", system.OrderApi), ("payment-worker", system.Worker) }.Select(target =>
            $"  - job_name: {target.Item1}\n    static_configs: [{{ targets: ['{MetricsOf(target.Item2).Authority}'] }}]"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "prometheus.yml"),
            "global: { scrape_interval: 1s, evaluation_interval: 1s }\n"
                + $"rule_files: ['{Path.Combine(Solution.Root, "deploy", "prometheus", "alerts.yml")}']\nscrape_configs:\n{targets}\n");
        var port = Ports.Free();
        using var prometheus = Process.Start(new ProcessStartInfo(
            Programs.Prometheus,
            [
                $"--config.file={folder.FullName}/prometheus.yml", $"--storage.tsdb.path={folder.FullName}/data",
                $"--web.listen-address=127.0.0.1:{port}",
            ])
        {
            RedirectStandardError = true,
        })!;
        var log = prometheus.StandardError.ReadToEndAsync();
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await Eventually.BeTrueAsync("both services are up and were scraped more than once", async () =>
                (await QueryAsync(http, "sum(up) == 2 and sum(count_over_time(up[1m])) > 4")).GetArrayLength() == 1);
            var groups = (await http.GetFromJsonAsync<JsonElement>("/api/v1/rules")).GetProperty("data").GetProperty("groups");
            Assert.All(
                groups.EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray()),
                rule => Assert.NotEqual("err", rule.GetProperty("health").GetString()));
            Assert.Equal(0, (await QueryAsync(http, "ALERTS{alertstate=\"firing\"}")).GetArrayLength());
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync();
            folder.Delete(recursive: true);
        }

        Assert.DoesNotMatch("level=(warn|error)", await log);
    }

    [Fact]
    public async Task The_alert_rules_pass_promtool_and_each_is_in_the_operations_page()
    {
        var path = Path.Combine(Solution.Root, "deploy", "prometheus", "alerts.yml");
        Assert.Contains("SUCCESS", await PromtoolAsync("", "check", "rules", path), StringComparison.Ordinal);

        var operations = await File.ReadAllTextAsync(Path.Combine(Solution.Root, "docs", "operations.md"));
        var alerts = Alert().Matches(await File.ReadAllTextAsync(path)).Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Contains($"### {alert}\n", operations, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_metrics_are_served_on_a_separate_port()
    {
        using var http = Tokens.Http(address: null);
        var metrics = MetricsOf(system.OrderApi);
        Assert.NotEqual(system.OrderApi.Address.Port, metrics.Port);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await http.GetAsync(new Uri(system.OrderApi.Address, "/metrics"))).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await http.GetAsync(new Uri(metrics, "/orders"))).StatusCode);
    }

    private static async Task<JsonElement> QueryAsync(HttpClient http, string query) =>
        (await http.GetFromJsonAsync<JsonElement>($"/api/v1/query?query={Uri.EscapeDataString(query)}"))
            .GetProperty("data").GetProperty("result");

    private static async Task<string> ScrapeAsync(ServiceProcess service)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(MetricsOf(service));
    }

    private static Uri MetricsOf(ServiceProcess service) => new(MetricsAddress().Match(service.Output).Groups[1].Value);

    /// <summary>The output of promtool; empty without a finding.</summary>
    private static async Task<string> PromtoolAsync(string input, params string[] arguments)
    {
        using var promtool = Process.Start(new ProcessStartInfo(Programs.Promtool, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, errors) = (promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync());
        await promtool.StandardInput.WriteAsync(input);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync();
        return await output + await errors;
    }

    [GeneratedRegex(@"Prometheus scrape endpoint: (http://\S+)")]
    private static partial Regex MetricsAddress();

    [GeneratedRegex(@"\b(ordersystem|messaging_(client|process)|http_server)_\w+")]
    private static partial Regex Metric();

    /// <summary>The histogram bucket that the objective of accepted orders is based on.</summary>
    [GeneratedRegex(
        @"^http_server_request_duration_seconds_bucket\{(?=.*http_request_method=""POST"")(?=.*http_response_status_code=""201"")"
            + @"(?=.*http_route=""/orders"")(?=.*le=""1(?:\.0)?"")",
        RegexOptions.Multiline)]
    private static partial Regex Accepted();

    /// <summary>
    /// The linter's findings about metrics of .NET, Npgsql, Polly and the NATS client, which this system does not name:
    /// <c>dotnet.timer.count</c> is no histogram.
    /// </summary>
    [GeneratedRegex(@"^(?:dotnet|db_client|resilience_polly|nats_client)_\w+ .+\n", RegexOptions.Multiline)]
    private static partial Regex ForeignMetrics();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();
}
