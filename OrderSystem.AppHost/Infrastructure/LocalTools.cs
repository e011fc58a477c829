namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Finds the server programs: on the PATH, where the distribution puts them, or where <c>run.sh</c> fetched them to.</summary>
internal sealed class LocalTools(string repository)
{
    internal const string LibraryPath = "LD_LIBRARY_PATH";

    /// <summary>The libraries that a fetched PostgreSQL brings along; one of the distribution has its own where the system looks.</summary>
    internal static string LibrariesOf(string programs) =>
        programs.StartsWith("/usr/", StringComparison.Ordinal) || programs.Length == 0 ? "" : Path.GetFullPath(Path.Combine(programs, "..", "lib"));

    internal ServerProgram FindNatsServer() => Find("nats-server", "nats-server", OnPath().Append("/usr/sbin").Append(Path.Combine(repository, ".tools/nats-server/usr/sbin")));

    internal ServerProgram FindPostgres()
    {
        var distribution = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(path => int.TryParse(Path.GetFileName(path), out var version) ? version : 0).Select(path => Path.Combine(path, "bin"))
            : [];
        var fetched = Directory.Exists(Path.Combine(repository, ".tools/postgres"))
            ? Directory.EnumerateDirectories(Path.Combine(repository, ".tools/postgres"), "native", SearchOption.AllDirectories).Select(path => Path.Combine(path, "bin"))
            : [];
        return Find("postgres", "postgresql", OnPath().Concat(distribution).Concat(fetched));
    }

    private static IEnumerable<string> OnPath() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    private static ServerProgram Find(string program, string package, IEnumerable<string> folders)
    {
        var path = folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw new InfrastructureException($"{program} was not found. Start Docker or Podman, or get it with './run.sh' or 'apt-get install {package}'.");

        // A link on the PATH leads to the folder with the other programs beside it.
        return ServerProgram.At(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
    }
}
