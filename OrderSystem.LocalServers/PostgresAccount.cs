namespace OrderSystem.LocalServers;

/// <summary>
/// The account that runs PostgreSQL, which refuses to run as root: an unprivileged one when this process is root, else the account of
/// this process.
/// </summary>
public static class PostgresAccount
{
    /// <summary>Id of the user and of its group; Linux reserves it for an account without rights.</summary>
    private const string UnprivilegedId = "65534";

    /// <summary>Whether the account differs from that of this process.</summary>
    public static bool IsNeeded { get; } = Environment.IsPrivilegedProcess && OperatingSystem.IsLinux();

    /// <summary>The command that runs a program under the account.</summary>
    public static string[] AsServerUser(string program, params IEnumerable<string> arguments) => IsNeeded
        ? ["setpriv", $"--reuid={UnprivilegedId}", $"--regid={UnprivilegedId}", "--clear-groups", "--", program, .. arguments]
        : [program, .. arguments];

    /// <summary>Runs a program under the account to its end.</summary>
    public static Task RunAsServerUserAsync(string program, params string[] arguments) =>
        ChildProcess.RunAsync(AsServerUser(program, arguments));

    /// <summary>Creates a folder that only the account can enter; an existing one is restricted to it.</summary>
    public static Task MakeDirectoryAsync(string path)
    {
        string[] owner = IsNeeded ? ["-o", UnprivilegedId, "-g", UnprivilegedId] : [];
        return ChildProcess.RunAsync(["install", "-d", "-m", "0700", .. owner, path]);
    }

    /// <summary>Gives a file or folder, with its contents, to the account.</summary>
    public static Task OwnAsync(string path) =>
        IsNeeded ? ChildProcess.RunAsync(["chown", "-R", $"{UnprivilegedId}:{UnprivilegedId}", path]) : Task.CompletedTask;

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
