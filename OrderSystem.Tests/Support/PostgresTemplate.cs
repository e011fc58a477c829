using System.Globalization;

namespace OrderSystem.Tests.Support;

/// <summary>A data directory fresh from initdb, made once per test run; every server starts from a copy.</summary>
internal static class PostgresTemplate
{
    private const string Prefix = "ordersystem-pg-";
    private static readonly Lazy<Task<string>> Template = new(MakeAsync);

    public const string Password = "only-for-tests";

    public static async Task CopyToAsync(string directory) =>
        await PostgresAccount.RunAsServerUserAsync("cp", "-a", await Template.Value, directory);

    /// <summary>A directory under /tmp, short enough for a socket in it.</summary>
    public static string NewPath(string name) =>
        Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{name}"));

    private static async Task<string> MakeAsync()
    {
        RemoveThoseOfDeadRuns();
        var parent = NewPath("template");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(parent);
        await PostgresAccount.MakeDirectoryAsync(parent);
        var (passwordFile, data) = (Path.Combine(parent, "password"), Path.Combine(parent, "data"));
        await PostgresAccount.RunAsServerUserAsync("sh", "-c", "printf %s \"$1\" > \"$0\"", passwordFile, Password);
        await PostgresAccount.RunAsServerUserAsync(
            Programs.InitDb,
            "-D", data,
            "--no-sync",
            "--no-instructions",
            "--username=postgres",
            "--pwfile=" + passwordFile,
            "--auth-host=scram-sha-256",
            "--auth-local=trust",
            "--encoding=UTF8",
            "--locale=C");
        return data;
    }

    // A run that was killed may leave directories; its process id in their names says that nobody needs them.
    private static void RemoveThoseOfDeadRuns()
    {
        foreach (var directory in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var process = Path.GetFileName(directory)[Prefix.Length..].Split('-')[0];
            if (!Directory.Exists("/proc/" + process)) Remove(directory);
        }
    }

    private static void Remove(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, or gone already.
        }
    }
}
