using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>The AppHost as a separate process, with its output and the processes that it started.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    internal static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    private readonly ConcurrentQueue<string> lines = new();
    private readonly Process process;

    private AppHostProcess(Process process, ProcessFamily family)
    {
        (this.process, Family) = (process, family);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        void Keep(string? line)
        {
            if (line is not null)
                lines.Enqueue(line);
        }
    }

    /// <summary>The AppHost and all processes that it started.</summary>
    internal ProcessFamily Family { get; }

    internal string[] Lines => [.. lines];

    /// <summary>Starts the AppHost as its launch profile does, on free ports.</summary>
    /// <param name="data">The folder of the local servers.</param>
    /// <param name="infrastructure">Where the servers come from.</param>
    /// <param name="within">A wrapper command that runs the command after it.</param>
    internal static AppHostProcess Start(string data, string infrastructure = "local", string[]? within = null)
    {
        var family = new ProcessFamily();

        // A shell that runs the tests in the background has its children ignore SIGINT; an AppHost in a terminal does not.
        string[] command =
        [
            .. within ?? [], "env", "--default-signal=INT", "dotnet", Solution.OutputOf("OrderSystem.AppHost"),
            $"--Infrastructure={infrastructure}", $"--Infrastructure:Data={data}", "--DcpPublisher:RandomizePorts=true",
        ];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.Combine(Solution.Root, "OrderSystem.AppHost"),
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["DOTNET_ENVIRONMENT"] = "Development",
                ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
                ["ASPNETCORE_URLS"] = Free(),
                ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = Free(),
                ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = Free(),
                [ProcessFamily.Variable] = family.Name,
            },
        };
        return new(ProcessGuardian.Start(start), family);
    }

    internal Task PrintsAsync(string text) =>
        Eventually.GetAsync($"the AppHost prints '{text}'",
            () => Task.FromResult(Lines), said => said.Any(line => line.Contains(text, StringComparison.Ordinal)), Timeout);

    internal async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for its end, and returns the exit code.</summary>
    internal async Task<int> ExitsAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Timeout, TimeProvider.System);
        return process.ExitCode;
    }

    internal Task NoProcessIsLeftAsync() =>
        Eventually.GetAsync("no process is left", () => Task.FromResult(Family.Describe()), left => left.Length == 0, Grace);

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await SignalAsync("TERM");
            await ExitsAsync();
        }

        process.Dispose();
    }

    private static string Free() => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{Ports.Free()}");
}
