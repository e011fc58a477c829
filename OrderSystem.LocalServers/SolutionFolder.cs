namespace OrderSystem.LocalServers;

/// <summary>The folder of <c>OrderSystem.sln</c>, which contains the running program.</summary>
public static class SolutionFolder
{
    private static readonly Lazy<string> Found = new(Find);

    public static string Root => Found.Value;

    /// <summary>The built assembly of a project, which need not exist.</summary>
    public static string OutputOf(string project, string configuration) =>
        Path.Combine(Root, project, "bin", configuration, "net10.0", $"{project}.dll");

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrderSystem.sln")))
                return folder.FullName;
        }

        throw new LocalServerException(
            "OrderSystem.sln was not found in a parent folder. Run the program from where the solution was built.");
    }
}
