using System.Reflection;

namespace OrderSystem.Tests.Support;

/// <summary>The paths of the solution: the tests run the build output beside their own, or the services that test.sh publishes.</summary>
internal static class Solution
{
    /// <summary>The folder with the solution file.</summary>
    internal static string Root => SolutionFolder.Root;

    private static string Configuration { get; } =
        typeof(Solution).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>The folder with a folder for each published service; null without any.</summary>
    private static string? Published { get; } = Environment.GetEnvironmentVariable("PUBLISHED_SERVICES");

    /// <summary>The assembly of a project: of a service as it was published, else as it was built.</summary>
    internal static string OutputOf(string project) =>
        Published is not null && Path.Combine(Published, project, $"{project}.dll") is var published && File.Exists(published)
            ? published
            : SolutionFolder.OutputOf(project, Configuration);

    /// <summary>The built assembly of a project in the previous release, which test.sh builds.</summary>
    internal static string PreviousOutputOf(string project)
    {
        var commit = File.ReadAllText(Path.Combine(Root, "eng", "previous-release")).Trim();
        var folder = Path.Combine(Root, ".tools", "previous", commit);
        return File.Exists(Path.Combine(folder, "built"))
            ? Path.Combine(folder, project, "bin", "Release", "net10.0", $"{project}.dll")
            : throw new InvalidOperationException(
                $"The previous release, {commit} (eng/previous-release), is not built. "
                + "Run ./test.sh, in a clone that has that commit: git fetch --unshallow");
    }
}
