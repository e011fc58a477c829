using System.Reflection;

namespace OrderSystem.Tests.Support;

/// <summary>Where things lie: the tests run what was built beside them.</summary>
internal static class Solution
{
    /// <summary>The folder with the solution file.</summary>
    internal static string Root { get; } = FindRoot();

    private static string Configuration { get; } = typeof(Solution).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>The built assembly of a project.</summary>
    internal static string OutputOf(string project) => Path.Combine(Root, project, "bin", Configuration, "net10.0", $"{project}.dll");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrderSystem.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests run below the folder of OrderSystem.sln.");
    }
}
