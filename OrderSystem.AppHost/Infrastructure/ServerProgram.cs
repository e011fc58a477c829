using System.ComponentModel;
using System.Diagnostics;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>A server program and its version.</summary>
internal sealed record ServerProgram(string Path, Version Version)
{
    private static readonly Version FirstWithSyncInterval = new(2, 10, 19);
    private static readonly Version FirstForProduction = new(2, 12, 15);

    /// <summary>Asks the program for its version: "nats-server: v2.15.1", "postgres (PostgreSQL) 18.4 (Debian 18.4-1)".</summary>
    /// <exception cref="InfrastructureException">It does not run on this machine.</exception>
    internal static ServerProgram At(string path, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        try
        {
            using var process = Process.Start(start)!;
            var answer = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            var word = answer.Split(' ', StringSplitOptions.TrimEntries).Select(word => word.TrimStart('v'))
                .FirstOrDefault(word => word.Length > 0 && char.IsAsciiDigit(word[0]));
            if (Version.TryParse(word?.Split('-')[0], out var version))
                return new(path, version);
        }
        catch (Win32Exception)
        {
            // Reported below, like a program that starts and fails.
        }

        throw new InfrastructureException(
            $"{path} does not run on this machine. Install another one, or start Docker or Podman and set Infrastructure=containers.");
    }

    /// <summary>A hint for a nats-server that is sufficient here but not in production.</summary>
    internal string Advice => Version < FirstForProduction
        ? "; this nats-server lacks JetStream fixes that production needs, 2.15 is recommended"
        : "";

    /// <summary>The setting to sync each message to disk before its acknowledgement. Older servers refuse the key.</summary>
    internal string SyncInterval => Version >= FirstWithSyncInterval ? "sync_interval: always" : "";
}
