using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Deployment;

/// <summary>The deployment manifest that azd gets from the AppHost.</summary>
public sealed partial class AppHostManifestTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("apphost-manifest-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_manifest_deploys_the_services_and_takes_the_provider_URL_as_a_parameter()
    {
        var resources = await PublishAsync("containers");

        foreach (var service in new[] { "order-migrations", "payment-migrations", "order-api", "payment-worker" })
            Assert.Equal("project.v0", resources.Text($"{service}/type"));
        Assert.Equal("container.v0", resources.Text("nats/type"));
        Assert.Equal("container.v0", resources.Text("postgres/type"));
        Assert.Equal("{payment-gateway-url.value}", resources.Text("payment-worker/env/Payments__GatewayUrl"));
        Assert.Null(resources["payment-gateway"]);
    }

    [Fact]
    public async Task With_Stripe_it_asks_for_the_key_as_a_secret_and_for_no_provider_URL()
    {
        var resources = await PublishAsync("external", ("Payments__Provider", "stripe"));

        Assert.Equal("stripe", resources.Text("payment-worker/env/Payments__Provider"));
        Assert.Equal("{stripe-api-key.value}", resources.Text("payment-worker/env/Payments__Stripe__ApiKey"));
        Assert.Equal("true", resources.Text("stripe-api-key/inputs/value/secret"));
        Assert.Null(resources["payment-gateway-url"]);
        Assert.Null(resources.Text("payment-worker/env/Payments__Stripe__PaymentMethod"));
    }

    [Fact]
    public async Task With_external_servers_it_requires_a_connection_string_for_each_user_and_role()
    {
        var resources = await PublishAsync("external");

        Assert.DoesNotContain(resources, resource => resource.Value.Text("type") == "container.v0");
        AssertConnected("order-api", "nats-order-api", "orders", "orders-service");
        AssertConnected("payment-worker", "nats-payment-worker", "payments", "payments-service");
        AssertConnected("order-migrations", "nats-provisioning", "orders", "orders-owner");
        AssertConnected("payment-migrations", "nats-provisioning", "payments", "payments-owner");
        Assert.Equal("order_api", resources.Text("order-migrations/env/Database__RuntimeRole"));
        Assert.Equal("payment_worker", resources.Text("payment-migrations/env/Database__RuntimeRole"));

        void AssertConnected(string service, string user, string database, string role)
        {
            Assert.Equal($"{{{user}.connectionString}}", resources.Text($"{service}/env/ConnectionStrings__nats"));
            Assert.Equal($"{{{role}.connectionString}}", resources.Text($"{service}/env/ConnectionStrings__{database}"));
            foreach (var parameter in new[] { user, role })
            {
                Assert.Equal("parameter.v0", resources.Text($"{parameter}/type"));
                Assert.Equal("true", resources.Text($"{parameter}/inputs/value/secret"));
            }
        }
    }

    [Theory]
    [InlineData("containers")]
    [InlineData("external")]
    public async Task Every_referenced_resource_is_in_the_manifest(string infrastructure)
    {
        var resources = await PublishAsync(infrastructure);

        var referred = Reference().Matches(resources.ToJsonString()).Select(match => match.Groups[1].Value)
            .Distinct(StringComparer.Ordinal).ToArray();
        Assert.NotEmpty(referred);
        Assert.All(referred, name => Assert.NotNull(resources[name]));
    }

    /// <summary>
    /// A change of the AppHost or of Aspire that changes the deployment shows
    /// in a diff. The generated manifest is written to artifacts/manifests.
    /// </summary>
    [Theory]
    [InlineData("containers")]
    [InlineData("external")]
    public async Task The_manifest_equals_the_committed_one(string infrastructure)
    {
        await PublishAsync(infrastructure);
        var written = await File.ReadAllTextAsync(PathOf(infrastructure));

        // The paths of the clone and of the manifest differ between machines.
        var manifest = ClonePath().Replace(FolderHash().Replace(written, "-hash-"), "\"../").ReplaceLineEndings("\n") + "\n";
        var artifacts = Directory.CreateDirectory(Path.Combine(Solution.Root, "artifacts", "manifests")).FullName;
        await File.WriteAllTextAsync(Path.Combine(artifacts, $"{infrastructure}.json"), manifest);

        Assert.Equal(
            await File.ReadAllTextAsync(
                Path.Combine(Solution.Root, "OrderSystem.Tests", "Deployment", "Manifests", $"{infrastructure}.json")),
            manifest);
    }

    private string PathOf(string infrastructure) => Path.Combine(folder, $"{infrastructure}.json");

    private async Task<JsonObject> PublishAsync(string infrastructure, params (string Name, string Value)[] settings)
    {
        var path = PathOf(infrastructure);
        var start = new ProcessStartInfo(
            "dotnet", [Solution.OutputOf("OrderSystem.AppHost"), "--publisher", "manifest", "--output-path", path])
        {
            Environment = { ["Infrastructure"] = infrastructure },
        };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        await Programs.RunAsync(start);
        return JsonNode.Parse(await File.ReadAllTextAsync(path))!["resources"]!.AsObject();
    }

    [GeneratedRegex("\"[^\"]*/(?=OrderSystem\\.\\w+/OrderSystem\\.\\w+\\.csproj)")]
    private static partial Regex ClonePath();

    [GeneratedRegex("-[0-9a-f]{10}-")]
    private static partial Regex FolderHash();

    [GeneratedRegex(@"\{([a-z][a-z0-9-]*)\.[A-Za-z.]+\}")]
    private static partial Regex Reference();
}
