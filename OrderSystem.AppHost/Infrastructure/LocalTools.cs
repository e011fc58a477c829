namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Finds the server programs: on the PATH, where the distribution puts them, or where <c>run.sh</c> fetched them to.</summary>
internal sealed class LocalTools(string repository)
{
    internal const string LibraryPath = "LD_LIBRARY_PATH";

    /// <summary>The libraries that a fetched PostgreSQL brings along; one of the distribution has its own where the system looks.</summary>
    internal static string LibrariesOf(string programs) =>
        programs.StartsWith("/usr/", StringComparison.Ordinal) || programs.Length == 0 ? "" : Path.GetFullPath(Path.Combine(programs, "..", "lib"));

    internal string FindNatsServer() =>
        Find("nats-server", OnPath().Append("/usr/sbin").Append(Path.Combine(repository, ".tools/nats-server/usr/sbin")))
        ?? throw new InfrastructureException(
            "nats-server was not found. Get it with './run.sh', or with 'apt-get install nats-server', or start Docker or Podman and set Infrastructure=containers.");

    /// <summary>The folder that holds postgres and initdb.</summary>
    internal string FindPostgres()
    {
        var distribution = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(path => int.TryParse(Path.GetFileName(path), out var version) ? version : 0).Select(path => Path.Combine(path, "bin"))
            : [];
        var fetched = Directory.Exists(Path.Combine(repository, ".tools/postgres"))
            ? Directory.EnumerateDirectories(Path.Combine(repository, ".tools/postgres"), "native", SearchOption.AllDirectories).Select(path => Path.Combine(path, "bin"))
            : [];
        var postgres = Find("postgres", OnPath().Concat(distribution).Concat(fetched)) ?? throw new InfrastructureException(
            "postgres was not found. Get it with './run.sh', or with 'apt-get install postgresql', or start Docker or Podman and set Infrastructure=containers.");

        // A link on the PATH leads to the folder with initdb beside it.
        return Path.GetDirectoryName(File.ResolveLinkTarget(postgres, returnFinalTarget: true)?.FullName ?? postgres)!;
    }

    private static IEnumerable<string> OnPath() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    private static string? Find(string program, IEnumerable<string> folders) => folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
