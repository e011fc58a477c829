using System.Diagnostics;
using System.Globalization;

namespace OrderSystem.Tests.Support;

/// <summary>Runs PostgreSQL's programs as a user that they accept: they refuse to run as root.</summary>
internal static class PostgresAccount
{
    private static readonly Lazy<(int User, int Group)?> Account = new(FindAccount);

    /// <summary>Makes a directory that only the server's user can read.</summary>
    public static Task MakeDirectoryAsync(string path)
    {
        string[] owner = Account.Value is var (user, group) ? ["-o", Text(user), "-g", Text(group)] : [];
        return RunAsync("install", ["-d", "-m", "0700", .. owner, path]);
    }

    /// <summary>Runs a program as the server's user to its end.</summary>
    public static async Task RunAsServerUserAsync(string program, params string[] arguments)
    {
        var command = AsServerUser(program, arguments);
        await RunAsync(command[0], command[1..]);
    }

    public static string[] AsServerUser(string program, params string[] arguments) =>
        Account.Value is var (user, group)
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
        AddLibraries(start);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
        }
    }

    /// <summary>A PostgreSQL that was fetched brings its libraries along.</summary>
    public static void AddLibraries(ProcessStartInfo start)
    {
        if (!Programs.Postgres.StartsWith("/usr/", StringComparison.Ordinal)) start.Environment["LD_LIBRARY_PATH"] = Programs.PostgresLibraries;
    }

    private static (int User, int Group)? FindAccount()
    {
        if (!Environment.IsPrivilegedProcess) return null;

        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).ToDictionary(fields => fields[0], StringComparer.Ordinal);
        var account = accounts.GetValueOrDefault("postgres") ?? accounts["nobody"];
        return (int.Parse(account[2], CultureInfo.InvariantCulture), int.Parse(account[3], CultureInfo.InvariantCulture));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
