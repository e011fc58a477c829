using System.Globalization;

namespace OrderSystem.LoadTest.Self;

/// <summary>PostgreSQL refuses to run as root: then its programs run as the user that the package made, or as nobody.</summary>
internal static class PostgresAccount
{
    private static readonly (int User, int Group)? Account = Find();

    /// <summary>Arguments of <c>install</c> for a folder of the server's user.</summary>
    internal static string[] Owner => Account is var (user, group) ? ["-o", $"{user}", "-g", $"{group}"] : [];

    /// <summary>A PostgreSQL that was fetched brings its libraries along.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> Libraries =>
        Folders.Postgres.StartsWith("/usr/", StringComparison.Ordinal) ? [] : [new("LD_LIBRARY_PATH", Path.GetFullPath(Path.Combine(Folders.Postgres, "../lib")))];

    internal static string[] Command(string program, params string[] arguments) => Account is var (user, group)
        ? ["setpriv", $"--reuid={user}", $"--regid={group}", "--clear-groups", program, .. arguments]
        : [program, .. arguments];

    private static (int User, int Group)? Find()
    {
        if (!Environment.IsPrivilegedProcess)
            return null;
        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).ToDictionary(fields => fields[0], StringComparer.Ordinal);
        var account = accounts.GetValueOrDefault("postgres") ?? accounts["nobody"];
        return (int.Parse(account[2], CultureInfo.InvariantCulture), int.Parse(account[3], CultureInfo.InvariantCulture));
    }
}
