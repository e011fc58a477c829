using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace OrderSystem.LoadTest.Self;

/// <summary>A PostgreSQL of its own with the settings that it has out of the box, durability above all; only where it listens is chosen.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string folder;
    private readonly Child server;

    private PostgresServer(string folder, int port, string password, Child server) => (this.folder, Port, Password, this.server) = (folder, port, password, server);

    internal string Password { get; }

    internal int Port { get; }

    internal int ProcessId => server.Id;

    internal static async Task<PostgresServer> StartAsync(string parent, TimeProvider time, CancellationToken cancellationToken)
    {
        var home = Path.Combine(parent, "postgres");
        await Child.RunAsync(["install", "-d", "-m", "0700", .. PostgresAccount.Owner, home], cancellationToken: cancellationToken);
        var (data, passwordFile, password) = (Path.Combine(home, "data"), Path.Combine(home, "password"), RandomNumberGenerator.GetHexString(32, lowercase: true));
        await Child.RunAsync(PostgresAccount.Command("sh", "-c", "printf %s \"$1\" > \"$0\"", passwordFile, password), cancellationToken: cancellationToken);
        await Child.RunAsync(
            PostgresAccount.Command(
                Path.Combine(Folders.Postgres, "initdb"), "-D", data, "--no-instructions", "--username=postgres", $"--pwfile={passwordFile}",
                "--auth-host=scram-sha-256", "--auth-local=reject", "--encoding=UTF8", "--locale=C"),
            PostgresAccount.Libraries, cancellationToken);
        var port = FreePort();
        var child = Child.Start(
            PostgresAccount.Command(
                Path.Combine(Folders.Postgres, "postgres"), "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", $"port={port}", "-c", $"unix_socket_directories={home}"),
            PostgresAccount.Libraries);
        var started = new PostgresServer(home, port, password, child);
        await started.WaitUntilReadyAsync(time, cancellationToken);
        return started;
    }

    internal string ConnectionString(string database, string role = "postgres") => $"Host=127.0.0.1;Port={Port};Username={role};Password={Password};Database={database}";

    internal async Task<string> ExecuteAsync(string sql, CancellationToken cancellationToken, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false;Command Timeout=0");
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>What of its settings decides how durable and how fast it is.</summary>
    internal async Task<string> DescribeAsync(CancellationToken cancellationToken) => await ExecuteAsync(
        """
        SELECT split_part(version(), ' ', 2) || ', ' || (
            SELECT string_agg(name || ' ' || current_setting(name), ', ' ORDER BY name)
            FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit', 'shared_buffers', 'max_wal_size', 'max_connections']) AS name)
        """,
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync("INT");
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task WaitUntilReadyAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        for (var started = time.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken))
        {
            try
            {
                await ExecuteAsync("SELECT 1", cancellationToken);
                return;
            }
            catch (NpgsqlException failure) when (time.GetElapsedTime(started) < Patience)
            {
                if (server.Exited.IsCompleted)
                    throw new LoadTestException($"PostgreSQL did not start: {server.Output}\n{failure.Message}");
            }
        }
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
