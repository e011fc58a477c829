using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>docs/dependencies.md lists every package that is asked for, and the lock files hold what the projects ask for.</summary>
[Fast]
public sealed partial class DependencyTests
{
    private const string Relock = "dotnet restore OrderSystem.sln --force-evaluate";

    private static readonly XDocument Central = XDocument.Load(Path.Combine(Solution.Root, "Directory.Packages.props"));

    /// <summary>With their versions; those of a family are a property, alone or with a suffix.</summary>
    private static readonly SortedDictionary<string, string> Versions = new(
        Central.Descendants("PackageVersion").ToDictionary(
            package => (string)package.Attribute("Include")!,
            package => FamilyVersion().Replace(
                (string)package.Attribute("Version")!, family => Central.Descendants(family.Groups["name"].Value).Single().Value)),
        StringComparer.Ordinal);

    private static IEnumerable<string> Packages => Versions.Keys;

    [Fact]
    public void Every_package_has_a_row_with_its_licence_and_why()
    {
        var rows = Row().Matches(File.ReadAllText(Path.Combine(Solution.Root, "docs", "dependencies.md")))
            .Select(row => row.Groups["name"].Value).Order(StringComparer.Ordinal);

        Assert.True(Versions.Count > 20);
        Assert.Equal(Packages, rows);
    }

    [Fact]
    public void Every_version_is_used_by_a_project()
    {
        var used = Projects().Append("Directory.Build.targets")
            .SelectMany(path => References(Path.Combine(Solution.Root, path))).ToHashSet(StringComparer.Ordinal);

        Assert.All(Packages, package => Assert.Contains(package, used));
    }

    /// <summary>A lock file that was not written again lets a locked restore fail: in an image, or on a machine far away.</summary>
    [Fact]
    public void Every_project_has_a_lock_file_with_what_it_asks_for()
    {
        var everywhere = References(Path.Combine(Solution.Root, "Directory.Build.targets"));
        Assert.All(Projects(), project =>
        {
            var path = Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json");
            var asked = References(Path.Combine(Solution.Root, project)).Concat(everywhere)
                .Where(package => !Directory.Exists(Path.Combine(Solution.Root, "standins", package)))
                .Distinct(StringComparer.Ordinal).Select(package => $"{package} {Versions[package]}").Order(StringComparer.Ordinal);
            Assert.True(asked.SequenceEqual(Locked(path), StringComparer.Ordinal),
                $"{path} does not hold what {project} asks for. Run '{Relock}' and commit the lock files.");
        });
    }

    /// <summary>
    /// How a stand-in takes the place of a package is the build's business: no project and no script may ask whether one does.
    /// </summary>
    [Fact]
    public void Only_the_build_knows_of_stand_ins()
    {
        var property = XDocument.Load(Path.Combine(Solution.Root, "Directory.Build.props")).Descendants()
            .Single(element => ((string?)element.Attribute("Condition"))?.Contains(".use-standins", StringComparison.Ordinal) == true)
            .Name.LocalName;
        var asking = Directory.EnumerateFiles(Solution.Root, "*.*proj", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Solution.Root, "*.props", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Solution.Root, "*.targets", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Solution.Root, "*.sh", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Solution.Root, "Dockerfile", SearchOption.AllDirectories))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal)
                && !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/.tools/", StringComparison.Ordinal))
            .Where(path => File.ReadAllText(path).Contains(property, StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(Solution.Root, path)).Order(StringComparer.Ordinal);

        Assert.Equal(["Directory.Build.props", "Directory.Build.targets"], asking);
    }

    /// <summary>
    /// Without what the SDK of the AppHost asks for by itself: the dashboard and the orchestrator of the platform that it is built on.
    /// </summary>
    private static IEnumerable<string> Locked(string path)
    {
        if (!File.Exists(Path.Combine(Solution.Root, path)))
            return [];
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Solution.Root, path)));
        return [.. document.RootElement.GetProperty("dependencies").GetProperty("net10.0").EnumerateObject()
            .Where(package => package.Value.GetProperty("type").GetString() == "Direct" && Versions.ContainsKey(package.Name))
            .Select(package => $"{package.Name} {package.Value.GetProperty("requested").GetString()!.Split(',')[0].Trim('[', ']')}")
            .Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Projects() => Directory.EnumerateFiles(Solution.Root, "*.csproj", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Solution.Root, path))
        .Where(path => path.StartsWith("OrderSystem.", StringComparison.Ordinal) || path.StartsWith("standins", StringComparison.Ordinal))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal));

    private static IEnumerable<string> References(string file) =>
        XDocument.Load(file).Descendants("PackageReference").Select(package => (string?)package.Attribute("Include")).OfType<string>();

    [GeneratedRegex(@"^\| (?<name>(?!package )\w[\w.]+) \| [\w., -]+ \| .+ \|$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Row();

    [GeneratedRegex(@"\$\((?<name>\w+)\)")]
    private static partial Regex FamilyVersion();
}
