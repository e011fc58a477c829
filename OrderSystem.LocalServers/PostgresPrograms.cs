namespace OrderSystem.LocalServers;

/// <summary>The programs of one PostgreSQL installation.</summary>
/// <param name="Folder">The folder of postgres and initdb.</param>
public sealed record PostgresPrograms(string Folder)
{
    /// <summary>The server.</summary>
    public string Postgres => Path.Combine(Folder, "postgres");

    public string InitDb => Path.Combine(Folder, "initdb");

    /// <summary>The environment of the programs: a fetched PostgreSQL has its libraries outside the system's search path.</summary>
    public IReadOnlyDictionary<string, string> Environment =>
        Folder.StartsWith("/usr/", StringComparison.Ordinal)
            ? new Dictionary<string, string>()
            : new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = Path.GetFullPath(Path.Combine(Folder, "..", "lib")) };
}
