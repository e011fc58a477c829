using System.Globalization;
using System.Text.Json.Nodes;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Deployment;

/// <summary>The Compose file and its overlay; eng/container-test.sh runs them.</summary>
public sealed class ComposeTests
{
    private static readonly string Folder = Path.Combine(Solution.Root, "deploy", "compose");

    [Fact]
    public async Task Every_container_is_hardened_and_has_resource_limits()
    {
        foreach (var (name, container) in await ServicesAsync("compose.yaml"))
            AssertHardened(name, container);
        foreach (var (name, container) in (await ServicesAsync("compose.observability.yaml"))
            .Where(service => service.Value.At("image") is not null))
            AssertHardened(name, container);
    }

    [Fact]
    public async Task A_service_starts_when_its_servers_are_healthy_and_its_database_is_migrated()
    {
        var services = await ServicesAsync("compose.yaml");
        foreach (var (service, migration) in new[] { ("order-api", "order-migrations"), ("payment-worker", "payment-migrations") })
        {
            Assert.Equal("service_completed_successfully", services[service].Text($"depends_on/{migration}/condition"));
            Assert.Equal("service_healthy", services[service].Text("depends_on/nats/condition"));
            Assert.Equal("service_healthy", services[migration].Text("depends_on/postgres/condition"));
        }

        var waitedFor = services.Values.SelectMany(service => service.At("depends_on") as JsonObject ?? [])
            .Where(on => on.Value.Text("condition") == "service_healthy");
        Assert.All(waitedFor, on => Assert.NotNull(services[on.Key].At("healthcheck/test")));
    }

    [Fact]
    public async Task The_stop_grace_period_of_a_service_exceeds_its_shutdown_timeout()
    {
        var services = await ServicesAsync("compose.yaml");
        foreach (var service in new[] { "order-api", "payment-worker", "payment-gateway" })
        {
            var grace = int.Parse(services[service].Text("stop_grace_period")!.TrimEnd('s'), CultureInfo.InvariantCulture);
            Assert.True(grace > ServiceDefaults.ServiceDefaults.ShutdownTimeout.TotalSeconds, $"{service}: {grace} s");
        }
    }

    [Fact]
    public async Task Passwords_are_in_secret_files_only()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "compose.yaml"));

        Assert.DoesNotContain("assword=", text, StringComparison.OrdinalIgnoreCase);
        foreach (var (name, container) in await ServicesAsync("compose.yaml"))
        {
            Assert.DoesNotContain(
                container.At("environment") as JsonObject ?? [], set => set.Key.StartsWith("ConnectionStrings", StringComparison.Ordinal));
            Assert.True(name is "payment-gateway" || container.Items("secrets").Any(), $"{name} has no secrets");
        }
    }

    [Fact]
    public async Task With_Stripe_the_key_is_a_secret_file_and_no_address_of_the_simulated_provider_is_left()
    {
        var (all, stripe) = (await ServicesAsync("compose.yaml"), await ServicesAsync("compose.stripe.yaml"));

        Assert.Equal("stripe", stripe["payment-worker"].Text("environment/Payments__Provider"));
        Assert.Contains(stripe["payment-worker"].Items("secrets"), secret => secret.ToString() == "Payments__Stripe__ApiKey");
        foreach (var (name, container) in all)
        {
            foreach (var setting in (container.At("environment") as JsonObject ?? []).Where(
                set => set.Value?.ToString().Contains("//payment-gateway", StringComparison.Ordinal) == true))
                Assert.Equal("", stripe[name].Text($"environment/{setting.Key}"));
        }
    }

    [Fact]
    public async Task Each_Prometheus_job_scrapes_the_service_of_its_name()
    {
        var scraped = Assert.Single(Yaml.Documents(await File.ReadAllTextAsync(Path.Combine(Folder, "prometheus", "prometheus.yml"))));
        var observed = await ServicesAsync("compose.observability.yaml");

        foreach (var job in scraped.Items("scrape_configs"))
        {
            Assert.Equal(
                [$"{job.Text("job_name")}:9464"],
                job.Items("static_configs").Single().Items("targets").Select(target => target.ToString()));
            Assert.Equal("prometheus", observed[job.Text("job_name")!].Text("environment/OTEL_METRICS_EXPORTER"));
        }
    }

    private static void AssertHardened(string name, JsonNode container)
    {
        Assert.True(container.Text("read_only") == "true", $"{name} may write into its image");
        Assert.True(container.Items("cap_drop").Any(one => one.ToString() == "ALL"), $"{name} keeps capabilities");
        Assert.True(container.Items("security_opt").Any(one => one.ToString() == "no-new-privileges:true"), $"{name} may gain privileges");
        foreach (var limit in new[] { "mem_limit", "cpus", "pids_limit" })
            Assert.True(container.Text(limit) is { Length: > 0 }, $"{name} has no {limit}");
    }

    private static async Task<Dictionary<string, JsonNode>> ServicesAsync(string file) =>
        Assert.Single(Yaml.Documents(await File.ReadAllTextAsync(Path.Combine(Folder, file))))
            .At("services")!.AsObject().ToDictionary(service => service.Key, service => service.Value!, StringComparer.Ordinal);
}
