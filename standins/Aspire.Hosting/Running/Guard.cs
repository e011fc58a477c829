using System.Diagnostics;
using System.Globalization;

namespace Aspire.Hosting.Running;

/// <summary>
/// A process beside the AppHost that knows everything the AppHost has started. It reads from a pipe; when the pipe ends, because the AppHost
/// has ended in whatever way, it stops what is left.
/// </summary>
internal sealed class Guard : IAsyncDisposable
{
    // Entries are words without spaces: pid:signal, runtime:container.
    private const string Script = """
        exec >/dev/null 2>&1
        trap '' INT TERM HUP
        pids=; containers=
        without() { kept=; for entry in $1; do case $entry in $2) ;; *) kept="$kept $entry" ;; esac; done; }
        while read -r what id; do
          case $what in
            process) pids="$pids $id" ;;
            ended) without "$pids" "$id:*"; pids=$kept ;;
            container) containers="$containers $id" ;;
            removed) without "$containers" "*:$id"; containers=$kept ;;
          esac
        done
        alive() { kill -0 "$1" && ! grep -q 'State:.Z' "/proc/$1/status"; }
        tell() { kill -s "$2" -- "-$1" || kill -s "$2" "$1"; }
        for entry in $pids; do tell "${entry%%:*}" "${entry##*:}"; done
        rounds=0
        while [ $rounds -lt 50 ]; do
          left=
          for entry in $pids; do alive "${entry%%:*}" && left=1; done
          [ -n "$left" ] || break
          sleep 0.1; rounds=$((rounds + 1))
        done
        for entry in $pids; do tell "${entry%%:*}" KILL; done
        for entry in $containers; do "${entry%%:*}" rm -f -v "${entry#*:}"; done
        """;

    private readonly Process _process;
    private readonly SemaphoreSlim _gate = new(1, 1);

    private Guard(Process process) => _process = process;

    public static Guard Start()
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", ChildProcess.InOwnSession, "/bin/sh", "-c", Script])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };
        return new Guard(Process.Start(start)!);
    }

    public Task AddAsync(int processId, int signal) => TellAsync(string.Create(CultureInfo.InvariantCulture, $"process {processId}:{(signal == Signals.Interrupt ? "INT" : "TERM")}"));

    public Task RemoveAsync(int processId) => TellAsync(string.Create(CultureInfo.InvariantCulture, $"ended {processId}"));

    public Task AddContainerAsync(string runtime, string name) => TellAsync($"container {runtime}:{name}");

    public Task RemoveContainerAsync(string name) => TellAsync($"removed {name}");

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _gate.Dispose();
    }

    private async Task TellAsync(string line)
    {
        await _gate.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // Without its guard the application still runs; only what a killed AppHost leaves behind is nobody's task then.
        }
        finally
        {
            _gate.Release();
        }
    }
}
