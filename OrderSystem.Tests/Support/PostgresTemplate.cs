using System.Globalization;

namespace OrderSystem.Tests.Support;

/// <summary>A data folder that initdb fills once per test run; every server starts from a copy.</summary>
internal static class PostgresTemplate
{
    private const string Prefix = "ordersystem-pg-";
    private static readonly Lazy<Task<string>> Template = new(MakeAsync);

    public const string Password = "only-for-tests";

    public static async Task CopyToAsync(string directory) =>
        await PostgresAccount.RunAsServerUserAsync("cp", "-a", await Template.Value, directory);

    /// <summary>A folder in /tmp, short enough for a socket in it.</summary>
    public static string NewPath(string name) =>
        Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{name}"));

    private static async Task<string> MakeAsync()
    {
        RemoveFoldersOfEndedRuns();
        var parent = NewPath("template");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(parent);
        await PostgresAccount.MakeDirectoryAsync(parent);
        var cluster = new PostgresCluster(Path.Combine(parent, "data"), ServerPrograms.Postgres);
        await cluster.InitialiseAsync(Password, "--no-sync", "--no-instructions", "--auth-local=trust", "--locale=C");
        return cluster.Folder;
    }

    // A killed run leaves folders behind; their names contain its process id.
    private static void RemoveFoldersOfEndedRuns()
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
            // It belongs to another user, or another run has removed it.
        }
    }
}
