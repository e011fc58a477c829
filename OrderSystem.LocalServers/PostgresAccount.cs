namespace OrderSystem.LocalServers;

/// <summary>The account of PostgreSQL, which refuses to run as root: <c>nobody</c> if this process is root, else its own.</summary>
public static class PostgresAccount
{
    private const string Nobody = "65534";

    /// <summary>Whether the account differs from that of this process.</summary>
    public static bool IsNeeded { get; } = Environment.IsPrivilegedProcess && OperatingSystem.IsLinux();

    /// <summary>The command that runs a program under the account.</summary>
    public static string[] AsServerUser(string program, params IEnumerable<string> arguments) => IsNeeded
        ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", program, .. arguments]
        : [program, .. arguments];

    /// <summary>Runs a program under the account to its end.</summary>
    public static Task RunAsServerUserAsync(string program, params string[] arguments) =>
        ChildProcess.RunAsync(AsServerUser(program, arguments));

    /// <summary>Creates a folder that only the account can enter; an existing one is restricted to it.</summary>
    public static Task MakeDirectoryAsync(string path)
    {
        string[] owner = IsNeeded ? ["-o", Nobody, "-g", Nobody] : [];
        return ChildProcess.RunAsync(["install", "-d", "-m", "0700", .. owner, path]);
    }

    /// <summary>Gives a file or folder, with its contents, to the account.</summary>
    public static Task OwnAsync(string path) =>
        IsNeeded ? ChildProcess.RunAsync(["chown", "-R", $"{Nobody}:{Nobody}", path]) : Task.CompletedTask;

    /// <summary>Whether the account can reach a path: a folder below a closed home directory cannot be, whatever its own mode is.</summary>
    public static bool CanReach(string path)
    {
        for (var folder = IsNeeded ? new DirectoryInfo(path) : null; folder is not null; folder = folder.Parent)
        {
            if (folder.Exists && !folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return false;
        }

        return true;
    }
}
