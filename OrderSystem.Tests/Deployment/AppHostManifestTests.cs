using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Deployment;

/// <summary>What azd gets from the AppHost.</summary>
public sealed partial class AppHostManifestTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("apphost-manifest-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task It_deploys_the_services_and_asks_for_the_provider()
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
    public async Task On_servers_that_are_there_already_it_asks_for_their_connection_strings()
    {
        var resources = await PublishAsync("external");

        Assert.DoesNotContain(resources, resource => resource.Value.Text("type") == "container.v0");
        foreach (var server in new[] { "nats", "orders", "payments" })
        {
            Assert.Equal("parameter.v0", resources.Text($"{server}/type"));
            Assert.Equal("true", resources.Text($"{server}/inputs/value/secret"));
        }

        Assert.Equal("{orders.connectionString}", resources.Text("order-api/env/ConnectionStrings__orders"));
        Assert.Equal("{payments.connectionString}", resources.Text("payment-worker/env/ConnectionStrings__payments"));
    }

    [Theory]
    [InlineData("containers")]
    [InlineData("external")]
    public async Task Whatever_it_refers_to_is_in_it(string infrastructure)
    {
        var resources = await PublishAsync(infrastructure);

        var referred = Reference().Matches(resources.ToJsonString()).Select(match => match.Groups[1].Value).Distinct(StringComparer.Ordinal).ToArray();
        Assert.NotEmpty(referred);
        Assert.All(referred, name => Assert.NotNull(resources[name]));
    }

    private async Task<JsonObject> PublishAsync(string infrastructure)
    {
        var path = Path.Combine(folder, $"{infrastructure}.json");
        await Programs.RunAsync(new ProcessStartInfo("dotnet", [Solution.OutputOf("OrderSystem.AppHost"), "--publisher", "manifest", "--output-path", path])
        {
            Environment = { ["Infrastructure"] = infrastructure },
        });
        return JsonNode.Parse(await File.ReadAllTextAsync(path))!["resources"]!.AsObject();
    }

    [GeneratedRegex(@"\{([a-z][a-z0-9-]*)\.[A-Za-z.]+\}")]
    private static partial Regex Reference();
}
