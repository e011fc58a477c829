using System.ComponentModel;
using System.Diagnostics;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Finds a container runtime that responds.</summary>
internal static class ContainerRuntime
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Its name; null if none responds.</summary>
    internal static async Task<string?> FindAsync() =>
        await RespondsAsync("docker") ? "docker" : await RespondsAsync("podman") ? "podman" : null;

    private static async Task<bool> RespondsAsync(string runtime)
    {
        try
        {
            var start = new ProcessStartInfo(runtime, ["info"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            using var deadline = new CancellationTokenSource(Timeout);
            try
            {
                await Task.WhenAll(
                    process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
                await process.WaitForExitAsync(deadline.Token);
                return process.ExitCode == 0;
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return false;
            }
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
