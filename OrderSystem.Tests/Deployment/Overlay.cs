using System.Diagnostics;
using System.Text.Json.Nodes;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Deployment;

/// <summary>The objects that <c>kubectl kustomize</c> renders for an overlay.</summary>
internal sealed class Overlay
{
    internal const string Local = "local";
    internal const string Production = "production";

    private readonly IReadOnlyList<JsonNode> objects;

    private Overlay(IReadOnlyList<JsonNode> objects) => this.objects = objects;

    /// <summary>The long-running workloads.</summary>
    internal IEnumerable<JsonNode> Workloads => Of("Deployment").Concat(Of("StatefulSet"));

    /// <summary>The services of this system, which drain.</summary>
    internal IEnumerable<JsonNode> Services => Of("Deployment");

    internal static Task<Overlay> RenderAsync(string name) =>
        RenderFolderAsync(Path.Combine(Solution.Root, "deploy", "kubernetes", "overlays", name));

    internal static async Task<Overlay> RenderFolderAsync(string folder)
    {
        using var kubectl = Process.Start(new ProcessStartInfo(
            Programs.Kubectl, ["kustomize", folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = await Task.WhenAll(kubectl.StandardOutput.ReadToEndAsync(), kubectl.StandardError.ReadToEndAsync());
        await kubectl.WaitForExitAsync();
        Assert.Equal("", output[1]);
        Assert.Equal(0, kubectl.ExitCode);
        return new(Yaml.Documents(output[0]));
    }

    internal IEnumerable<JsonNode> Of(string kind) => objects.Where(o => o.Text("kind") == kind);

    internal JsonNode Single(string kind, string name) => Assert.Single(Of(kind), o => Name(o) == name);

    /// <summary>An object of a generator, which appends a hash to the name.</summary>
    internal JsonNode Generated(string kind, string name) =>
        Assert.Single(Of(kind), o => Name(o).StartsWith(name + "-", StringComparison.Ordinal));

    internal static string Name(JsonNode o) => o.Text("metadata/name")!;

    internal static JsonNode Pod(JsonNode workload) => workload.At("spec/template/spec")!;

    internal static IEnumerable<JsonNode> Containers(JsonNode workload) =>
        Pod(workload).Items("initContainers").Concat(Pod(workload).Items("containers"));
}
