using System.Diagnostics;
using System.Globalization;

namespace OrderSystem.Tests.StandIns.Npgsql;

/// <summary>Finds PostgreSQL and runs its programs as a user that it accepts: it refuses to run as root.</summary>
internal static class PostgresBinaries
{
    private static readonly Lazy<string> s_directory = new(Find);
    private static readonly Lazy<(int User, int Group)?> s_account = new(FindAccount);

    public static string Path(string program) => System.IO.Path.Combine(s_directory.Value, program);

    /// <summary>Makes a directory that only the server's user can read.</summary>
    public static Task MakeDirectoryAsync(string path)
    {
        string[] owner = s_account.Value is var (user, group) ? ["-o", Text(user), "-g", Text(group)] : [];
        return RunAsync("install", ["-d", "-m", "0700", .. owner, path]);
    }

    /// <summary>Runs a program as the server's user to its end.</summary>
    public static async Task RunAsServerUserAsync(string program, params string[] arguments)
    {
        var command = AsServerUser(program, arguments);
        await RunAsync(command[0], command[1..]);
    }

    public static string[] AsServerUser(string program, params string[] arguments) =>
        s_account.Value is var (user, group)
            ? ["setpriv", $"--reuid={user}", $"--regid={group}", "--clear-groups", program, .. arguments]
            : [program, .. arguments];

    public static async Task RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
        }
    }

    private static string Find()
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries);
        var packaged = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(directory => int.TryParse(System.IO.Path.GetFileName(directory), CultureInfo.InvariantCulture, out var version) ? version : 0)
                .Select(directory => System.IO.Path.Combine(directory, "bin"))
            : [];
        return onPath.Concat(packaged).FirstOrDefault(directory => Has(directory, "postgres") && Has(directory, "initdb"))
            ?? throw new InvalidOperationException("PostgreSQL is not installed: apt-get install postgresql, or put its bin directory on the PATH.");
    }

    private static bool Has(string directory, string program) => File.Exists(System.IO.Path.Combine(directory, program));

    private static (int User, int Group)? FindAccount()
    {
        if (!Environment.IsPrivilegedProcess) return null;

        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).ToDictionary(fields => fields[0], StringComparer.Ordinal);
        var account = accounts.GetValueOrDefault("postgres") ?? accounts["nobody"];
        return (int.Parse(account[2], CultureInfo.InvariantCulture), int.Parse(account[3], CultureInfo.InvariantCulture));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
