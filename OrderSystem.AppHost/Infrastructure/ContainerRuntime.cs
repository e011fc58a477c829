using System.ComponentModel;
using System.Diagnostics;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Looks for a container runtime that does not only exist but answers.</summary>
internal static class ContainerRuntime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Its name; null where none answers.</summary>
    internal static async Task<string?> FindAsync() => await AnswersAsync("docker") ? "docker" : await AnswersAsync("podman") ? "podman" : null;

    private static async Task<bool> AnswersAsync(string runtime)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(runtime, ["info"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            using var deadline = new CancellationTokenSource(Patience);
            try
            {
                await Task.WhenAll(process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
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
