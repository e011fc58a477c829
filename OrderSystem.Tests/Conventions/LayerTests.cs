using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>
/// The folders of each project form layers without circles, as <see cref="Layers"/> and the picture in docs/architecture.md have them.
/// </summary>
[Fast]
public sealed class LayerTests
{
    public static TheoryData<string> Projects { get; } = [.. Layers.Of.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_namespace_uses_only_namespaces_of_lower_layers(string project)
    {
        var layers = Layers.Of[project];
        var (namespaces, uses) = TypeDependencies.Of(project);

        Assert.Equal(layers.SelectMany(layer => layer).Order(StringComparer.Ordinal), namespaces);
        var wrong = uses.Where(use => Index(layers, use.From) <= Index(layers, use.To))
            .Select(use => $"{use.Where}: {project}.{use.From} uses {use.To}, which is no lower layer").Distinct(StringComparer.Ordinal);
        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_project_has_its_layers_written_down()
    {
        var projects = Directory.EnumerateFiles(Solution.Root, "OrderSystem.*.csproj", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/.tools/", StringComparison.Ordinal) && !path.Contains("/artifacts/", StringComparison.Ordinal))
            .Select(path => Path.GetFileNameWithoutExtension(path)).Except(["OrderSystem.Tests"], StringComparer.Ordinal);

        Assert.Equal(projects.Order(StringComparer.Ordinal), Layers.Of.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_picture_in_the_architecture_page_shows_these_layers() =>
        Assert.Contains(Layers.Picture, File.ReadAllText(Path.Combine(Solution.Root, "docs", "architecture.md")), StringComparison.Ordinal);

    private static int Index(string[][] layers, string name) =>
        Array.FindIndex(layers, layer => layer.Contains(name, StringComparer.Ordinal));
}
