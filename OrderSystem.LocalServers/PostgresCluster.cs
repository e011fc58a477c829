namespace OrderSystem.LocalServers;

/// <summary>A data folder of PostgreSQL, and the command that runs a server on it.</summary>
public sealed class PostgresCluster(string folder, PostgresPrograms programs)
{
    public const string Superuser = "postgres";

    public string Folder => folder;

    public PostgresPrograms Programs => programs;

    /// <summary>Runs initdb if the folder has no data yet.</summary>
    /// <param name="password">The superuser's, for connections over TCP.</param>
    /// <param name="options">More options of initdb.</param>
    public async Task InitialiseAsync(string password, params string[] options)
    {
        if (File.Exists(Path.Combine(folder, "PG_VERSION")))
            return;

        // In a file, because arguments are visible to every user of the machine.
        var passwordFile = $"{folder}.password";
        await PostgresAccount.MakeDirectoryAsync(folder);
        await SecretFile.WriteAsync(passwordFile, password);
        try
        {
            await PostgresAccount.OwnAsync(passwordFile);
            string[] arguments =
            [
                "-D", folder, $"--username={Superuser}", $"--pwfile={passwordFile}",
                "--auth-host=scram-sha-256", "--encoding=UTF8", .. options,
            ];
            await ChildProcess.RunAsync(PostgresAccount.AsServerUser(programs.InitDb, arguments), programs.Environment);
        }
        finally
        {
            File.Delete(passwordFile);
        }
    }

    /// <summary>The program and arguments of a server that listens on loopback only.</summary>
    /// <param name="port">Where it listens.</param>
    /// <param name="socketFolder">The folder of its Unix socket; empty for none.</param>
    /// <param name="settings">More settings, as <c>name=value</c>.</param>
    public string[] ServerCommand(int port, string socketFolder, params IEnumerable<string> settings)
    {
        IEnumerable<string> all = ["listen_addresses=127.0.0.1", $"port={port}", $"unix_socket_directories={socketFolder}", .. settings];
        return [programs.Postgres, "-D", folder, .. all.SelectMany(setting => new[] { "-c", setting })];
    }
}
