using System.Collections.Concurrent;
using System.Diagnostics;

namespace OrderSystem.LocalServers;

/// <summary>A process that ends with this one; the end of its output is kept for error messages.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int MaxLines = 200;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(45);

    private readonly ConcurrentQueue<string> lastLines = new();
    private readonly Process process;
    private readonly Action<string>? onLine;

    private ChildProcess(ProcessStartInfo start, string? folder, Action<string>? onLine)
    {
        this.onLine = onLine;
        process = ProcessGuardian.Start(start, folder);
        Id = process.Id;
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id { get; }

    public bool HasExited => process.HasExited;

    /// <summary>Completes when the process has ended and its output is read.</summary>
    public Task Exited => process.WaitForExitAsync();

    /// <summary>The last lines of its output.</summary>
    public string Output => string.Join('\n', lastLines);

    /// <summary>Starts a program.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Environment variables to add.</param>
    /// <param name="onLine">Called with each line of its output.</param>
    /// <param name="folder">A folder that is removed if this process dies before the program.</param>
    public static ChildProcess Start(
        IEnumerable<string> command,
        IEnumerable<KeyValuePair<string, string>>? environment = null,
        Action<string>? onLine = null,
        string? folder = null)
    {
        string[] all = [.. command];
        var start = new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        return new(start, folder, onLine);
    }

    /// <summary>Runs a program to its end and returns its output.</summary>
    /// <exception cref="LocalServerException">Its exit code is not 0.</exception>
    public static async Task<string> RunAsync(
        IEnumerable<string> command,
        IEnumerable<KeyValuePair<string, string>>? environment = null,
        CancellationToken cancellationToken = default)
    {
        string[] all = [.. command];
        await using var child = Start(all, environment);
        await child.process.WaitForExitAsync(cancellationToken);
        return child.process.ExitCode == 0
            ? child.Output
            : throw new LocalServerException($"'{string.Join(' ', all)}' failed with exit code {child.process.ExitCode}:\n{child.Output}");
    }

    public Task SignalAsync(string signal) => SignalAsync(Id, signal);

    internal static async Task SignalAsync(int processId, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{processId}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Sends a signal and waits until the process has ended.</summary>
    public async Task StopAsync(string signal = "TERM")
    {
        if (process.HasExited)
            return;
        await SignalAsync(signal);
        using var deadline = new CancellationTokenSource(StopTimeout);
        await process.WaitForExitAsync(deadline.Token);
    }

    /// <summary>Kills the process if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
            return;
        onLine?.Invoke(line);
        lastLines.Enqueue(line);
        if (lastLines.Count > MaxLines)
            lastLines.TryDequeue(out _);
    }
}
