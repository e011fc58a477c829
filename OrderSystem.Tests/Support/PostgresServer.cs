using Npgsql;

namespace OrderSystem.Tests.Support;

/// <summary>A PostgreSQL with default settings, which can be killed, frozen, restarted on the same port, and have a standby.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private readonly PostgresProcess process;
    private int databases;
    private bool isFrozen;

    private PostgresServer(PostgresProcess process) => this.process = process;

    public int Port => process.Port;

    /// <summary>The server's process id; it changes with <see cref="StartAgainAsync"/>.</summary>
    public int ProcessId => process.ProcessId;

    /// <summary>All output of the server.</summary>
    public string Log => process.Log;

    private string Data => process.Cluster.Folder;

    /// <summary>The connection string of a database, which need not exist; through a proxy's port if one is given.</summary>
    public string ConnectionString(string database, int? viaPort = null, string role = PostgresCluster.Superuser) =>
        $"Host=127.0.0.1;Port={viaPort ?? Port};Username={role};Password={PostgresTemplate.Password};Database={database}"
        + ";Include Error Detail=true";

    public static async Task<PostgresServer> StartAsync()
    {
        var server = await MakeAsync();
        await PostgresTemplate.CopyToAsync(server.Data);
        await server.process.StartAsync();
        return server;
    }

    /// <summary>
    /// Adds a standby with streaming replication. This server is restarted, because its data is copied while it is stopped.
    /// </summary>
    /// <param name="name">Its name in <c>synchronous_standby_names</c>.</param>
    public async Task<PostgresServer> StartStandbyAsync(string name = "standby")
    {
        await StopAsync();
        var standby = await MakeAsync(
            $"primary_conninfo=host=127.0.0.1 port={Port} user=postgres password={PostgresTemplate.Password} application_name={name}");
        await PostgresAccount.RunAsServerUserAsync("cp", "-a", Data, standby.Data);
        await PostgresAccount.RunAsServerUserAsync("touch", Path.Combine(standby.Data, "standby.signal"));
        await StartAgainAsync();
        await standby.process.StartAsync();
        return standby;
    }

    /// <summary>Promotes this standby and waits until it accepts writes.</summary>
    public Task PromoteAsync() => ExecuteAsync("SELECT pg_promote()");

    private static async Task<PostgresServer> MakeAsync(params string[] settings)
    {
        var folder = PostgresTemplate.NewPath(Guid.NewGuid().ToString("N")[..8]);
        await PostgresAccount.MakeDirectoryAsync(folder);
        return new(new PostgresProcess(folder, ["max_connections=300", .. settings]));
    }

    /// <summary>Creates an empty database and returns its connection string.</summary>
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

    /// <summary>Stops the server as a crash would, without a checkpoint. The data remains.</summary>
    public Task KillAsync() => process.StopAsync("QUIT");

    /// <summary>Shuts the server down and closes its connections. The data remains.</summary>
    public Task StopAsync() => process.StopAsync();

    /// <summary>Suspends the server's processes until <see cref="ThawAsync"/>; connections stay open.</summary>
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

    /// <summary>Sends a signal to the postmaster only.</summary>
    public Task SignalAsync(string signal) => process.SignalAsync(signal);

    /// <summary>Starts the server on its data and its port.</summary>
    public Task StartAgainAsync() => process.StartAgainAsync();

    public async ValueTask DisposeAsync()
    {
        if (isFrozen)
            await ThawAsync();
        await process.DisposeAsync();
    }

    // The postmaster first, so that it starts no process meanwhile. A child may end before it is signalled.
    private async Task SignalTreeAsync(string signal)
    {
        await SignalAsync(signal);
        var children = await File.ReadAllTextAsync($"/proc/{ProcessId}/task/{ProcessId}/children");
        await ChildProcess.RunAsync(["sh", "-c", $"kill -{signal} {children} 2>/dev/null; true"]);
    }
}
