using System.Diagnostics;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>The programs of the tests other than servers, in <c>.tools</c> or where the system has them.</summary>
internal static class Programs
{
    internal static string Prometheus => ServerPrograms.Find("prometheus", ServerPrograms.InTools("prometheus/usr/bin"));

    internal static string Promtool => ServerPrograms.Find("promtool", ServerPrograms.InTools("prometheus/usr/bin"));

    internal static string Kubectl => ServerPrograms.Find("kubectl", ServerPrograms.InTools("kubectl/usr/bin"));

    /// <summary>A library to preload.</summary>
    internal static string FakeTime => ServerPrograms.Find(
        "libfaketimeMT.so.1", [.. LibraryFolders().Select(folder => Path.Combine(folder, "faketime"))]);

    /// <summary>Runs a program to its end.</summary>
    internal static async Task RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        var command = $"{start.FileName} {string.Join(' ', start.ArgumentList)}";
        Assert.True(process.ExitCode == 0, $"'{command}' failed with exit code {process.ExitCode}: {output[0]}{output[1]}");
    }

    private static IEnumerable<string> LibraryFolders() => new[] { "/usr/lib", ServerPrograms.InTools("faketime/usr/lib") }
        .Where(Directory.Exists).SelectMany(folder => Directory.GetDirectories(folder, "*-linux-gnu*"));
}
