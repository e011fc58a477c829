using System.Collections.Concurrent;
using System.Diagnostics;

namespace OrderSystem.LoadTest.Self;

/// <summary>A process that ends with this one, however that ends.</summary>
internal sealed class Child : IAsyncDisposable
{
    /// <summary>
    /// A shell leaves a watcher behind and becomes the program. When the watcher's input ends, because this process closed it or died, it kills its
    /// parent, if that is still the program.
    /// </summary>
    private const string Watch = """
        exec 3<&0 </dev/null
        {
            read -r _
            while read -r name value; do [ "$name" = PPid: ] && parent=$value; done </proc/self/status
            [ "$parent" = $$ ] && kill -KILL $$
        } <&3 3<&- >/dev/null 2>&1 &
        exec "$@" 3<&-
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly ConcurrentQueue<string> lastLines = new();
    private readonly Process process;

    private Child(Process process) => this.process = process;

    internal int Id => process.Id;

    internal Task Exited => process.WaitForExitAsync();

    /// <summary>The end of what it wrote.</summary>
    internal string Output => string.Join('\n', lastLines);

    internal static Child Start(IEnumerable<string> command, IEnumerable<KeyValuePair<string, string>>? environment = null, Action<string>? onLine = null)
    {
        var start = new ProcessStartInfo("sh", ["-c", Watch, "watched", .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        var child = new Child(new Process { StartInfo = start });
        child.process.OutputDataReceived += (_, line) => child.Read(line.Data, onLine);
        child.process.ErrorDataReceived += (_, line) => child.Read(line.Data, onLine);
        child.process.Start();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end and returns what it wrote.</summary>
    internal static async Task<string> RunAsync(IEnumerable<string> command, IEnumerable<KeyValuePair<string, string>>? environment = null, CancellationToken cancellationToken = default)
    {
        string[] all = [.. command];
        await using var child = Start(all, environment);
        await child.process.WaitForExitAsync(cancellationToken);
        return child.process.ExitCode == 0 ? child.Output : throw new LoadTestException($"{string.Join(' ', all)} ended with {child.process.ExitCode}:\n{child.Output}");
    }

    internal async Task StopAsync(string signal = "TERM")
    {
        if (process.HasExited)
            return;
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
        using var deadline = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Read(string? line, Action<string>? onLine)
    {
        if (line is null)
            return;
        onLine?.Invoke(line);
        lastLines.Enqueue(line);
        if (lastLines.Count > 200)
            lastLines.TryDequeue(out _);
    }
}
