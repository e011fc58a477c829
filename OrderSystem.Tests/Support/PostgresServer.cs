using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace OrderSystem.Tests.Support;

/// <summary>A PostgreSQL server of its own: stock durability, loopback, a fresh directory, gone afterwards. It can be stopped, killed, frozen and started again.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Nobody = "65534";
    private const string Password = "for-tests-only";
    private readonly string folder;
    private readonly int port;
    private Process? process;

    private PostgresServer(string folder, int port) => (this.folder, this.port) = (folder, port);

    internal int Port => port;

    private string Cluster => Path.Combine(folder, "cluster");

    internal static async Task<PostgresServer> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ordersystem-postgres-").FullName;
        var server = new PostgresServer(folder, FreePort());
        Directory.CreateDirectory(server.Cluster);
        var secret = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(secret, Password);
        if (Environment.IsPrivilegedProcess)
            await Programs.RunAsync(new ProcessStartInfo("chown", ["-R", $"{Nobody}:{Nobody}", folder]));
        await Programs.RunAsync(AsUser(Programs.InitDb, ["-D", server.Cluster, "-U", "postgres", "-A", "scram-sha-256", $"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]));
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>The connection string of a database, which need not exist.</summary>
    internal string ConnectionString(string database, int? viaPort = null) =>
        $"Host=127.0.0.1;Port={viaPort ?? port};Username=postgres;Password={Password};Database={database};Include Error Detail=true";

    /// <summary>Makes a database with a name of its own.</summary>
    internal async Task<string> CreateDatabaseAsync()
    {
        var name = $"test_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    internal async Task ExecuteAsync(string sql, string database = "postgres")
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString(database) + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    internal async Task StartAgainAsync()
    {
        var start = AsUser(Programs.Postgres, ["-D", Cluster, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200"]);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        process = new Process { StartInfo = start };
        process.Start();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.BeTrueAsync("PostgreSQL answers", async () =>
        {
            await ExecuteAsync("SELECT 1");
            return true;
        });
    }

    /// <summary>A fast shutdown (SIGINT), an immediate one (SIGQUIT), or any other signal to the postmaster.</summary>
    internal async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process!.Id}"]);
        await kill.WaitForExitAsync();
    }

    internal async Task StopAsync()
    {
        await SignalAsync("INT");
        await process!.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await SignalAsync("CONT");
            await SignalAsync("QUIT");
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static ProcessStartInfo AsUser(string program, string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? new("setpriv", [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", program, .. arguments]) { WorkingDirectory = "/tmp", Environment = { ["LD_LIBRARY_PATH"] = Libraries() } }
            : new(program, arguments) { Environment = { ["LD_LIBRARY_PATH"] = Libraries() } };

    private static string Libraries() => Programs.Postgres.StartsWith("/usr/", StringComparison.Ordinal) ? "" : Programs.PostgresLibraries;
}
