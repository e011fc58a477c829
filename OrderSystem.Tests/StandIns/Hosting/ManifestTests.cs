using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class ManifestTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("manifest-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_manifest_of_the_order_system_is_the_one_that_is_known()
    {
        var hosting = Path.GetFullPath(Path.Combine(Projects.Sample_AppHost.ProjectPath, "..", ".."));
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Sample_AppHost>(
            ["--Sample", "order-system", "--publisher", "manifest", "--output-path", Path.Combine(_directory, "aspire-manifest.json")]);
        await using var app = await builder.BuildAsync();
        await app.RunAsync();

        // Paths are relative to the manifest, which is somewhere else in each run.
        var samples = Path.GetRelativePath(_directory, Path.Combine(hosting, "Samples"));
        var written = (await File.ReadAllTextAsync(Path.Combine(_directory, "aspire-manifest.json"))).Replace(samples, "Samples", StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(hosting, "expected-manifest.json")), written + "\n");
    }

    [Fact]
    public async Task A_resource_can_be_left_out_or_written_by_hand()
    {
        await using var builder = SampleWeb.NewBuilder("--publisher", "manifest", "--output-path", _directory);
        builder.AddParameter("left-out", "1").ExcludeFromManifest();
        builder.AddContainer("cache", "cache:7").WithManifestPublishingCallback(context => context.Writer.WriteString("type", "custom.v0"));
        builder.AddParameter("size", "large", publishValueAsDefault: true);
        builder.AddConnectionString("warehouse");
        builder.AddExecutable("tool", "tool", "/opt/tool", "-v").WithHttpEndpoint(targetPort: 8080, port: 80);
        await using var app = await builder.BuildAsync();
        await app.RunAsync();

        var text = await File.ReadAllTextAsync(Path.Combine(_directory, "aspire-manifest.json"));
        using var manifest = System.Text.Json.JsonDocument.Parse(text);
        var resources = manifest.RootElement.GetProperty("resources");
        Assert.False(resources.TryGetProperty("left-out", out _));
        Assert.Equal("""{"type":"custom.v0"}""", Compact(resources.GetProperty("cache")));
        Assert.Equal("""{"type":"parameter.v0","value":"{size.inputs.value}","inputs":{"value":{"type":"string","default":{"value":"large"}}}}""", Compact(resources.GetProperty("size")));
        Assert.Equal(
            """{"type":"parameter.v0","connectionString":"{warehouse.value}","value":"{warehouse.inputs.value}","inputs":{"value":{"type":"string","secret":true}}}""",
            Compact(resources.GetProperty("warehouse")));
        Assert.Equal(80, resources.GetProperty("tool").GetProperty("bindings").GetProperty("http").GetProperty("port").GetInt32());
    }

    [Fact]
    public async Task Another_publisher_is_refused_by_name()
    {
        var failure = await Assert.ThrowsAsync<NotSupportedException>(() => Task.FromResult(SampleWeb.NewBuilder("--publisher", "kubernetes")));
        Assert.Contains("kubernetes", failure.Message, StringComparison.Ordinal);
    }

    private static string Compact(System.Text.Json.JsonElement element) => System.Text.Json.JsonSerializer.Serialize(element);
}
