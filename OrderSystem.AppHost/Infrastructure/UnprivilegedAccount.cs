using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>PostgreSQL refuses to run as root: when this process is root, the server runs as <c>nobody</c>, and its files lie where that account can reach them.</summary>
internal sealed class UnprivilegedAccount
{
    private const string Nobody = "65534";
    private readonly bool isNeeded;

    private UnprivilegedAccount(bool isNeeded) => this.isNeeded = isNeeded;

    internal static UnprivilegedAccount ForThisProcess() => new(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux());

    /// <summary>The command that runs the program under the account.</summary>
    internal (string Command, string[] Arguments) Run(string program, string[] arguments) => isNeeded
        ? ("setpriv", [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", program, .. arguments])
        : (program, arguments);

    /// <summary>Where the programs and the data of a cluster lie. A cluster belongs to the major version that made it.</summary>
    internal (string Programs, string Cluster) PlaceFor(LocalData data, ServerProgram postgres)
    {
        var name = $"postgres-{postgres.Version.Major}";
        var programs = Path.GetDirectoryName(postgres.Path)!;
        if (!isNeeded)
            return (programs, data.Folder(name));

        // A clone below a closed home directory cannot be reached by another account, whatever its own rights are.
        var root = IsReachable(data.Root) ? data.Root : Path.Combine("/var/tmp", $"ordersystem-{Hash(data.Root)}");
        var cluster = Directory.CreateDirectory(Path.Combine(root, name)).FullName;
        if (!IsReachable(programs))
            programs = Copy(programs, Path.Combine(root, "programs"));
        Own(cluster);
        Execute("chmod", "700", cluster);
        return (programs, cluster);
    }

    /// <summary>Gives a file or folder to the account.</summary>
    internal void Own(string path)
    {
        if (isNeeded)
            Execute("chown", "-R", $"{Nobody}:{Nobody}", path);
    }

    private static bool IsReachable(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
        {
            if (folder.Exists && !folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return false;
        }

        return true;
    }

    private static string Copy(string programs, string target)
    {
        Directory.CreateDirectory(target);
        Execute("cp", "-a", Path.GetFullPath(Path.Combine(programs, "..")) + "/.", target);
        return Path.Combine(target, "bin");
    }

    private static void Execute(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InfrastructureException($"'{command} {string.Join(' ', arguments)}' failed with exit code {process.ExitCode}.");
    }

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..8];
}
