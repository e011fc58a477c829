using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// No log, telemetry, response or process argument contains a password, while the system is healthy and while its dependencies are down.
/// </summary>
public sealed partial class SecretsTests : IAsyncLifetime
{
    private const string Api = "OrderSystem.OrderApi";
    private const string Worker = "OrderSystem.PaymentWorker";

    private readonly SecretMark postgres = new("postgres-password");
    private readonly SecretMark wrong = new("wrong-password");
    private readonly List<(string Where, string Text)> seen = [];
    private OtlpCollector collector = null!;
    private RunningSystem system = null!;

    public async ValueTask InitializeAsync()
    {
        collector = await OtlpCollector.StartAsync();
        system = await RunningSystem.StartAsync(new(collector.Settings, StringComparer.Ordinal)
        {
            // Verbose settings, because more output has more places for a leak.
            ["Logging__LogLevel__Default"] = "Debug",
            ["OTEL_METRICS_EXPORTER"] = "otlp,prometheus",
            ["OTEL_EXPORTER_PROMETHEUS_HOST"] = "127.0.0.1",
            ["OTEL_EXPORTER_PROMETHEUS_PORT"] = "0",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        });
    }

    public async ValueTask DisposeAsync()
    {
        await system.DisposeAsync();
        await collector.DisposeAsync();
    }

    [Fact]
    public async Task No_log_telemetry_response_or_process_argument_contains_a_secret()
    {
        await MigrateAsync(Api);
        await MigrateAsync(Worker);
        var gateway = $"provider:{postgres.InUrl}@127.0.0.1:{system.Gateway.Address.Port}";
        var api = await system.StartServiceAsync(
            Api, ("ConnectionStrings__orders", Database("orders", postgres)),
            ("Audit__LedgerUrl", $"http://{gateway}"));
        var worker = await system.StartServiceAsync(
            Worker, ("ConnectionStrings__payments", Database("payments", postgres)),
            ("Payments__GatewayUrl", $"http://{gateway}"));
        using (var client = new Client(api.Address))
            await client.WaitForAsync(await client.PlaceAsync(), "paid");
        await CollectResponsesAsync("healthy", api, worker);
        CollectArguments();

        await RefusedAsync(Api, ("ConnectionStrings__orders", Database("orders", wrong)));
        await RefusedAsync(Worker, ("ConnectionStrings__payments", $"{Database("payments", wrong)};Nonsense=1"));
        await RefusedAsync(Api, ("ConnectionStrings__orders", $"Host=127.0.0.1;Password={wrong.Value}"));
        await RefusedAsync(Api, ("ConnectionStrings__nats", $"nats://order-api:{wrong.Value}@127.0.0.1:x"));
        await RefusedAsync(Worker, ("Payments__GatewayUrl", $"ftp://{gateway}"));
        await RunAsync(("ConnectionStrings__orders", Database("orders", wrong)), "migrate");
        await RunAsync(("ConnectionStrings__orders", Database("orders", wrong)), "audit");
        await RunAsync(("ConnectionStrings__nats", $"nats://order-api:{wrong.InUrl}@127.0.0.1:{system.Nats.Port}"), "dead-letters", "list");

        // The service treats a NATS server that rejects its password like one that is not reachable yet.
        var rejected = await system.StartServiceAsync(
            Api, isHealthy: false, ("ConnectionStrings__nats", $"nats://order-api:{wrong.InUrl}@127.0.0.1:{system.Nats.Port}"));
        await CollectResponsesAsync("refused by NATS", rejected);

        await system.Nats.KillAsync();
        await CollectResponsesAsync("without NATS", api, worker);
        await system.Postgres.KillAsync();
        await CollectResponsesAsync("without PostgreSQL", api, worker);
        foreach (var service in new[] { api, worker, rejected })
        {
            await service.StopAsync();
            seen.Add(($"the output of {service.Id}", service.Output));
        }

        Assert.True(collector.Received.Count > 10, "Hardly any telemetry arrived.");
        seen.AddRange(collector.Received.Select(body => ("telemetry", Encoding.UTF8.GetString(body))));
        foreach (var (where, text) in seen)
        {
            postgres.AssertNotIn(where, text);
            wrong.AssertNotIn(where, text);
            foreach (var signature in Tokens.SignaturesShown)
                Assert.False(text.Contains(signature, StringComparison.Ordinal), $"A bearer token is in {where}.");
            foreach (var user in NatsUsers.All)
                Assert.False(text.Contains(NatsUsers.PasswordOf(user), StringComparison.Ordinal), $"The password of {user} is in {where}.");
        }

        Assert.Contains(
            seen,
            item => item.Text.Contains("marked", StringComparison.Ordinal)
                || item.Text.Contains("payment-worker", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_deployment_manifest_contains_no_configured_secret()
    {
        var folder = Directory.CreateTempSubdirectory("secrets-manifest-").FullName;
        var mark = new SecretMark("configured-secret");
        try
        {
            foreach (var infrastructure in new[] { "containers", "external" })
            {
                var path = Path.Combine(folder, $"{infrastructure}.json");
                await Programs.RunAsync(new ProcessStartInfo(
                    "dotnet", [Solution.OutputOf("OrderSystem.AppHost"), "--publisher", "manifest", "--output-path", path])
                {
                    Environment =
                    {
                        ["Infrastructure"] = infrastructure,
                        ["Parameters__postgres-password"] = mark.Value,
                        ["Parameters__nats-password"] = mark.Value,
                        ["ConnectionStrings__orders"] = $"Host=x;Password={mark.Quoted}",
                        ["ConnectionStrings__payments"] = $"Host=x;Password={mark.Quoted}",
                        ["ConnectionStrings__nats"] = $"nats://u:{mark.InUrl}@x:4222",
                    },
                });
                mark.AssertNotIn($"the manifest for {infrastructure}", await File.ReadAllTextAsync(path));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Database(string name, SecretMark password) =>
        $"Host=127.0.0.1;Port={system.Postgres.Port};Username=marked;Password={password.Quoted};Database={name};Include Error Detail=true";

    /// <summary>Collects the responses to valid and invalid requests to every endpoint.</summary>
    private async Task CollectResponsesAsync(string when, params ServiceProcess[] services)
    {
        using var http = Tokens.Http(TimeSpan.FromSeconds(20));
        foreach (var service in services)
        {
            foreach (var path in new[]
            {
                "/health", "/ready", "/alive", "/orders", $"/orders/{Guid.NewGuid()}", $"/orders/{Guid.NewGuid()}/timeline",
                "/ops/dead-letters", "/ops/audit", "/ops/audit/payments", "/openapi/v1.json",
            })
                await CollectAsync(path, () => http.GetAsync(new Uri(service.Address, path)));
            await CollectAsync("POST /orders", () => http.PostAsJsonAsync(
                new Uri(service.Address, "/orders"),
                new { customerId = "c", currency = "EUR", items = new[] { new { sku = "S", quantity = 1, unitPrice = 1 } } }));
            await CollectAsync(
                "POST /ops/redrive", () => http.PostAsync(new Uri(service.Address, "/ops/redrive?missing=true"), content: null));
            if (MetricsAddress().Match(service.Output) is { Success: true } metrics)
                await CollectAsync("/metrics", () => http.GetAsync(new Uri(metrics.Groups[1].Value)));
        }

        async Task CollectAsync(string what, Func<Task<HttpResponseMessage>> ask)
        {
            try
            {
                using var answer = await ask();
                seen.Add(($"{what} {when}", $"{answer.Headers}{await answer.Content.ReadAsStringAsync()}"));
            }
            catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
            {
                seen.Add(($"{what} {when}", failure.Message));
            }
        }
    }

    /// <summary>Collects the arguments of all visible processes, because any account of the machine can read them.</summary>
    private void CollectArguments()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                seen.Add(($"the arguments of {Path.GetFileName(process)}", File.ReadAllText(Path.Combine(process, "cmdline"))));
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // The process has ended.
            }
        }
    }

    /// <summary>Creates the role that the service then connects as.</summary>
    private async Task MigrateAsync(string project)
    {
        var (exitCode, output) = await ServiceProcess.RunAsync(
            project,
            new Dictionary<string, string>(system.MigrationEnvironment(project), StringComparer.Ordinal)
            {
                ["Database__RuntimeRole"] = "marked", ["Database__RuntimePassword"] = postgres.Value,
            },
            "migrate");
        Assert.True(exitCode == 0, output);
        seen.Add(($"the migration of {project}", output));
    }

    private async Task RefusedAsync(string project, (string Name, string Value) setting)
    {
        var (exitCode, output) = await ServiceProcess.RunAsync(
            project,
            new Dictionary<string, string>(system.Environment(project), StringComparer.Ordinal) { [setting.Name] = setting.Value });
        Assert.NotEqual(0, exitCode);
        seen.Add(($"the refusal of {project} for its {setting.Name}", output));
    }

    private async Task RunAsync((string Name, string Value) setting, params string[] arguments)
    {
        var (exitCode, output) = await ServiceProcess.RunAsync(
            Api,
            new Dictionary<string, string>(system.Environment(Api), StringComparer.Ordinal) { [setting.Name] = setting.Value },
            arguments);
        Assert.NotEqual(0, exitCode);
        seen.Add(($"the output of {string.Join(' ', arguments)}", output));
    }

    [GeneratedRegex(@"Prometheus scrape endpoint: (http://\S+)")]
    private static partial Regex MetricsAddress();
}
