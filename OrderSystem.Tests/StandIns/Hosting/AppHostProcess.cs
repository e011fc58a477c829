using System.Diagnostics;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.StandIns.Hosting;

/// <summary>The sample AppHost as a process of its own, with what it prints.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];

    private AppHostProcess(Process process) => _process = process;

    internal int ExitCode => _process.ExitCode;

    internal int Id => _process.Id;

    internal IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    internal static AppHostProcess Start(params string[] arguments) => Start([], arguments);

    internal static AppHostProcess Start(Dictionary<string, string> environment, params string[] arguments)
    {
        // A shell that runs the tests in the background has its children ignore SIGINT; an AppHost in a terminal does not.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "Sample.AppHost.dll"), "--DcpPublisher:RandomizePorts", "true", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Whatever dashboard there is belongs to the tests that ask for it.
        start.Environment["ASPIRE_DASHBOARD_PATH"] = "/none";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var host = new AppHostProcess(new Process { StartInfo = start });
        host._process.OutputDataReceived += (_, e) => host.Add(e.Data);
        host._process.ErrorDataReceived += (_, e) => host.Add(e.Data);
        host._process.Start();
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        return host;
    }

    internal Task PrintsAsync(string text) =>
        Eventually.GetAsync($"the AppHost prints '{text}'", () => Task.FromResult(string.Join('\n', Lines)), all => all.Contains(text, StringComparison.Ordinal), SampleWeb.Patience);

    internal Task EndsAsync() => _process.WaitForExitAsync().WaitAsync(SampleWeb.Patience, TimeProvider.System);

    internal void Kill() => _process.Kill();

    internal async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", ["-s", name, $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
            _lines.Add(line);
    }
}
