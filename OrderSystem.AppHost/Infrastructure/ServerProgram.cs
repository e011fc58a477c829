using System.ComponentModel;
using System.Diagnostics;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>A server's program on this machine, of a known version.</summary>
internal sealed record ServerProgram(string Path, Version Version)
{
    private static readonly Version SyncsEachWrite = new(2, 10, 19);
    private static readonly Version Fixed = new(2, 12, 15);

    /// <summary>Asks the program for its version: "nats-server: v2.15.1", "postgres (PostgreSQL) 18.4 (Debian 18.4-1)".</summary>
    /// <exception cref="InfrastructureException">It does not run here.</exception>
    internal static ServerProgram At(string path)
    {
        var start = new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[LocalTools.LibraryPath] = LocalTools.LibrariesOf(System.IO.Path.GetDirectoryName(path)!);
        try
        {
            using var process = Process.Start(start)!;
            var answer = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            var word = answer.Split(' ', StringSplitOptions.TrimEntries).Select(word => word.TrimStart('v')).FirstOrDefault(word => word.Length > 0 && char.IsAsciiDigit(word[0]));
            if (Version.TryParse(word?.Split('-')[0], out var version))
                return new(path, version);
        }
        catch (Win32Exception)
        {
            // Said below, as for a program that starts and fails.
        }

        throw new InfrastructureException($"{path} does not run on this machine. Install another one, or start Docker or Podman and set Infrastructure=containers.");
    }

    /// <summary>What to say of a nats-server that will do here and not in production.</summary>
    internal string Advice => Version < Fixed ? "; this nats-server lacks JetStream fixes that production needs, 2.15 is recommended" : "";

    /// <summary>The setting that makes a nats-server sync each message to disk before it acknowledges it. Older servers refuse the key.</summary>
    internal string SyncInterval => Version >= SyncsEachWrite ? "sync_interval: always" : "";
}
