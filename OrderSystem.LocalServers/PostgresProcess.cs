using System.Diagnostics;
using System.Globalization;

namespace OrderSystem.LocalServers;

/// <summary>A PostgreSQL server on loopback with its own folder, which is removed when it is disposed or this process dies.</summary>
/// <param name="folder">The folder, which belongs to <see cref="PostgresAccount"/>; short enough for a socket in it.</param>
/// <param name="settings">Settings other than the defaults, as <c>name=value</c>.</param>
public sealed class PostgresProcess(string folder, params string[] settings) : IAsyncDisposable
{
    /// <summary>
    /// The shell stays the server's parent. At the end of its standard input, which this process closed or which died with it, the shell
    /// stops the server and removes the folder. Killing the postmaster instead would leave its children and shared memory behind.
    /// </summary>
    private const string Guardian = """
        exec 3<&0
        dir="$1"; shift
        "$@" </dev/null >>"$dir/log" 2>&1 3<&- &
        server=$!
        { read -r _ <&3; : > "$dir/abandoned"; kill -QUIT $server; kill -CONT $server; } 2>/dev/null &
        guard=$!
        wait $server
        code=$?
        kill $guard 2>/dev/null
        if [ -e "$dir/abandoned" ]; then cd /; rm -rf "$dir"; fi
        exit $code
        """;

    private const int MaxAttempts = 5;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private Process? guardian;

    /// <summary>Its data folder, which has to be initialised before the start.</summary>
    public PostgresCluster Cluster { get; } = new(Path.Combine(folder, "data"), ServerPrograms.Postgres);

    public int Port { get; private set; }

    /// <summary>The postmaster's; changes with every start.</summary>
    public int ProcessId { get; private set; }

    /// <summary>All output of the server.</summary>
    public string Log => File.Exists(Path.Combine(folder, "log")) ? File.ReadAllText(Path.Combine(folder, "log")) : string.Empty;

    /// <summary>Starts the server on a free port and waits until it accepts connections.</summary>
    /// <exception cref="LocalServerException">It ended or did not become ready in time.</exception>
    public async Task StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = Ports.Free();
            try
            {
                await StartAgainAsync();
                return;
            }
            catch (LocalServerException) when (attempt < MaxAttempts && Log.Contains("Address already in use", StringComparison.Ordinal))
            {
                // Another program took the port in between.
            }
        }
    }

    /// <summary>Starts the server on the same data and port.</summary>
    /// <exception cref="LocalServerException">It ended or did not become ready in time.</exception>
    public async Task StartAgainAsync()
    {
        var command = PostgresAccount.AsServerUser(
            "sh", ["-c", Guardian, "postgres-guardian", folder, .. Cluster.ServerCommand(Port, socketFolder: folder, settings)]);
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, WorkingDirectory = "/" };
        foreach (var (name, value) in Cluster.Programs.Environment)
            start.Environment[name] = value;
        guardian = Process.Start(start)!;
        for (var started = TimeProvider.System.GetTimestamp(); !IsReady(); await Task.Delay(PollInterval, TimeProvider.System))
        {
            if (guardian.HasExited)
                throw new LocalServerException($"PostgreSQL ended with exit code {guardian.ExitCode}:\n{Log}");
            if (TimeProvider.System.GetElapsedTime(started) > StartTimeout)
                throw new LocalServerException($"PostgreSQL is not ready after {StartTimeout.TotalSeconds:0} s:\n{Log}");
        }
    }

    /// <summary>Sends a signal to the postmaster only.</summary>
    public Task SignalAsync(string signal) => ChildProcess.SignalAsync(ProcessId, signal);

    /// <summary>Stops the server and waits for its end. Its data remains.</summary>
    /// <param name="signal">INT for a fast shutdown, QUIT for one like a crash.</param>
    public async Task StopAsync(string signal = "INT")
    {
        await SignalAsync(signal);
        await guardian!.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (guardian is { HasExited: false })
        {
            guardian.StandardInput.Close();
            await guardian.WaitForExitAsync();
        }

        guardian?.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    // The eighth line of the lock file is the server's state, the first its process id.
    private bool IsReady()
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(Cluster.Folder, "postmaster.pid"));
            if (lines.Length < 8 || lines[7].Trim() is not ("ready" or "standby"))
                return false;
            ProcessId = int.Parse(lines[0], CultureInfo.InvariantCulture);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
