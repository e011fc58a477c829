using System.Diagnostics;
using System.Globalization;

namespace Aspire.Hosting.Running;

/// <summary>
/// A process beside the AppHost that knows everything the AppHost has started. It reads from a pipe; when the pipe ends, because the AppHost
/// has ended in whatever way, it stops what is left.
/// </summary>
internal sealed class Guard : IAsyncDisposable
{
    private const string InOwnSession = "if command -v setsid >/dev/null; then exec setsid \"$0\" \"$@\"; else exec \"$0\" \"$@\"; fi";

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
        tell() { kill -s "$2" -- "-$1" || { alive "$1" && kill -s "$2" "$1"; }; }
        stop() {
          for entry in $1; do tell "${entry%%:*}" "${entry##*:}"; done
          rounds=0
          while [ $rounds -lt 50 ]; do
            left=
            for entry in $1; do alive "${entry%%:*}" && left=1; done
            [ -n "$left" ] || break
            sleep 0.1; rounds=$((rounds + 1))
          done
          for entry in $1; do tell "${entry%%:*}" KILL; done
        }
        stop "$pids"
        for entry in $containers; do "${entry%%:*}" rm -f -v "${entry#*:}"; done
        unknown=
        for found in $(grep -lzx "$1" /proc/[0-9]*/environ); do
          found=${found#/proc/}; unknown="$unknown ${found%/environ}:TERM"
        done
        stop "$unknown"
        """;

    /// <summary>Marks everything that this AppHost has started, also what the guard was not told of any more.</summary>
    public const string MarkVariable = "ASPIRE_APPHOST_RUN";

    private readonly Process _process;
    private readonly SemaphoreSlim _gate = new(1, 1);

    private Guard(Process process, string mark)
    {
        _process = process;
        Mark = mark;
    }

    public string Mark { get; }

    public static Guard Start()
    {
        var mark = Guid.NewGuid().ToString("n");
        var start = new ProcessStartInfo("/bin/sh", ["-c", InOwnSession, "/bin/sh", "-c", Script, "aspire-guard", $"{MarkVariable}={mark}"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };
        start.Environment.Remove(MarkVariable);
        return new Guard(Process.Start(start)!, mark);
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
