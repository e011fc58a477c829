using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace OrderSystem.Tests.Support;

/// <summary>
/// A PostgreSQL server of its own, with the settings a server has out of the box: loopback only, a free port, a data directory that goes
/// when the server is disposed, and also when the test process dies.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    // A shell stands between: when its standard input ends, because this process closed it or died, it stops the server and cleans up.
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

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly string directory;
    private Process? guardian;
    private string follows = "";
    private int databases;
    private bool isFrozen;

    private PostgresServer(string directory) => this.directory = directory;

    public int Port { get; private set; }

    /// <summary>The server's process id; it changes with <see cref="StartAgainAsync"/>.</summary>
    public int ProcessId { get; private set; }

    /// <summary>All that it wrote.</summary>
    public string Log => File.Exists(Path.Combine(directory, "log")) ? File.ReadAllText(Path.Combine(directory, "log")) : string.Empty;

    /// <summary>The connection string of a database, which need not exist; through a proxy's port if one is given, as the superuser if no role is.</summary>
    public string ConnectionString(string database, int? viaPort = null, string role = "postgres") =>
        $"Host=127.0.0.1;Port={viaPort ?? Port};Username={role};Password={PostgresTemplate.Password};Database={database};Include Error Detail=true";

    public static async Task<PostgresServer> StartAsync()
    {
        var server = await MakeAsync();
        await PostgresTemplate.CopyToAsync(server.Data);
        await server.StartOnFreePortAsync();
        return server;
    }

    /// <summary>Makes a standby that follows this server by streaming replication. This server is restarted: the copy is one of its data at rest.</summary>
    public async Task<PostgresServer> StartStandbyAsync()
    {
        await StopAsync();
        var standby = await MakeAsync();
        await PostgresAccount.RunAsServerUserAsync("cp", "-a", Data, standby.Data);
        await PostgresAccount.RunAsServerUserAsync("touch", Path.Combine(standby.Data, "standby.signal"));
        await StartAgainAsync();
        standby.follows = $"host=127.0.0.1 port={Port} user=postgres password={PostgresTemplate.Password}";
        await standby.StartOnFreePortAsync();
        return standby;
    }

    /// <summary>Makes this standby a server that takes writes, and waits until it is one.</summary>
    public Task PromoteAsync() => ExecuteAsync("SELECT pg_promote()");

    private static async Task<PostgresServer> MakeAsync()
    {
        var server = new PostgresServer(PostgresTemplate.NewPath(Guid.NewGuid().ToString("N")[..8]));
        await PostgresAccount.MakeDirectoryAsync(server.directory);
        return server;
    }

    private async Task StartOnFreePortAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = Ports.Free();
            try
            {
                await StartAgainAsync();
                return;
            }
            catch (InvalidOperationException) when (attempt < 5 && Log.Contains("Address already in use", StringComparison.Ordinal))
            {
                // Somebody took the port in between.
            }
        }
    }

    /// <summary>Makes an empty database and returns the connection string to it.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"test_{Interlocked.Increment(ref databases)}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    public async Task ExecuteAsync(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Kills the server as a crash would: no checkpoint, no goodbye. The data stays.</summary>
    public Task KillAsync() => StopAsync("QUIT");

    /// <summary>Stops the server in order, with its connections cut. The data stays.</summary>
    public Task StopAsync() => StopAsync("INT");

    /// <summary>Stops the server's processes from running until <see cref="ThawAsync"/>; connections stay open.</summary>
    public Task FreezeAsync()
    {
        isFrozen = true;
        return SignalTreeAsync("STOP");
    }

    public Task ThawAsync()
    {
        isFrozen = false;
        return SignalTreeAsync("CONT");
    }

    /// <summary>Sends a signal to the postmaster alone.</summary>
    public Task SignalAsync(string signal) => PostgresAccount.RunAsync("kill", ["-" + signal, ProcessId.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Starts the server on its data and its port.</summary>
    public async Task StartAgainAsync()
    {
        var command = PostgresAccount.AsServerUser(
            "sh", "-c", Guardian, "postgres-guardian",
            directory,
            Programs.Postgres,
            "-D", Data,
            "-c", "listen_addresses=127.0.0.1",
            "-c", "port=" + Port.ToString(CultureInfo.InvariantCulture),
            "-c", "unix_socket_directories=" + directory,
            "-c", "max_connections=300",
            "-c", "primary_conninfo=" + follows);
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, WorkingDirectory = "/" };
        PostgresAccount.AddLibraries(start);
        guardian = Process.Start(start)!;
        await WaitUntilReadyAsync(guardian);
    }

    public async ValueTask DisposeAsync()
    {
        if (guardian is { HasExited: false })
        {
            if (isFrozen) await ThawAsync();
            guardian.StandardInput.Close();
            await guardian.WaitForExitAsync();
        }

        guardian?.Dispose();
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    }

    private string Data => Path.Combine(directory, "data");

    private async Task WaitUntilReadyAsync(Process guardian)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!IsReady())
        {
            if (guardian.HasExited) throw new InvalidOperationException($"PostgreSQL ended with {guardian.ExitCode}: {Log}");
            if (TimeProvider.System.GetElapsedTime(started) > StartTimeout) throw new TimeoutException($"PostgreSQL is not ready after {StartTimeout}: {Log}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
        }
    }

    // The eighth line of the lock file says in what state the server is, the first its process id.
    private bool IsReady()
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(Data, "postmaster.pid"));
            if (lines.Length < 8 || lines[7].Trim() is not ("ready" or "standby")) return false;
            ProcessId = int.Parse(lines[0], CultureInfo.InvariantCulture);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task StopAsync(string signal)
    {
        await SignalAsync(signal);
        await guardian!.WaitForExitAsync();
    }

    // The postmaster first, so that it starts no process in between; one that ends in between is no error.
    private async Task SignalTreeAsync(string signal)
    {
        await SignalAsync(signal);
        var children = await File.ReadAllTextAsync($"/proc/{ProcessId}/task/{ProcessId}/children");
        await PostgresAccount.RunAsync("sh", ["-c", $"kill -{signal} {children} 2>/dev/null; true"]);
    }
}
