using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace OrderSystem.Tests.Support;

/// <summary>One of the services as a process of its own, as it runs in production: configured by environment variables alone.</summary>
internal sealed partial class ServiceProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool disposed;

    private ServiceProcess(Process process) => (this.process, Id) = (process, process.Id);

    /// <summary>Where it listens.</summary>
    internal Uri Address { get; private set; } = null!;

    internal int Id { get; }

    internal int ExitCode => process.ExitCode;

    /// <summary>Ends when it listens.</summary>
    internal Task Listening => listening.Task;

    /// <summary>Ends when the process has, and all that it wrote is read.</summary>
    internal Task Exited => process.WaitForExitAsync();

    /// <summary>All that it wrote.</summary>
    internal string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts the service on a free loopback port and waits until it listens.</summary>
    /// <param name="project">The service.</param>
    /// <param name="environment">Its settings.</param>
    /// <param name="assembly">Another build of it than the one beside the tests.</param>
    internal static async Task<ServiceProcess> StartAsync(
        string project, IEnumerable<KeyValuePair<string, string>> environment, string? assembly = null)
    {
        var service = Launch(assembly ?? Solution.OutputOf(project), environment);
        var exited = service.process.WaitForExitAsync();
        if (await Task.WhenAny(service.listening.Task, exited) == exited && !service.listening.Task.IsCompleted)
            throw new Xunit.Sdk.XunitException($"{project} ended with {service.process.ExitCode} instead of listening:\n{service.Output}");
        service.Address = await service.listening.Task;
        return service;
    }

    /// <summary>Runs the service until it ends by itself, as with the migrate verb or when it cannot start.</summary>
    internal static Task<(int ExitCode, string Output)> RunAsync(
        string project, IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments) =>
        RunBuildAsync(Solution.OutputOf(project), environment, arguments);

    /// <summary>The same with another build than the one beside the tests.</summary>
    internal static async Task<(int ExitCode, string Output)> RunBuildAsync(
        string assembly, IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments)
    {
        await using var service = Launch(assembly, environment, arguments);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await service.process.WaitForExitAsync(deadline.Token);
        return (service.process.ExitCode, service.Output);
    }

    /// <summary>Sends SIGTERM and waits for the end.</summary>
    internal async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(45));
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode;
    }

    internal async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    internal async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
            return;
        disposed = true;
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
    }

    /// <summary>Starts the service and waits for nothing.</summary>
    internal static ServiceProcess Launch(string assembly, IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(assembly),
            Environment =
            {
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
                ["DOTNET_ENVIRONMENT"] = "Production",
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
            },
        };
        foreach (var (name, value) in Tokens.Settings.Concat(environment))
            start.Environment[name] = value;
        var service = new ServiceProcess(ProcessGuardian.Start(start));
        service.process.OutputDataReceived += (_, line) => service.Read(line.Data);
        service.process.ErrorDataReceived += (_, line) => service.Read(line.Data);
        service.process.BeginOutputReadLine();
        service.process.BeginErrorReadLine();
        return service;
    }

    private void Read(string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.AppendLine(line);
        if (NowListening().Match(line) is { Success: true } match)
            listening.TrySetResult(new Uri(match.Groups[1].Value));
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex NowListening();
}
