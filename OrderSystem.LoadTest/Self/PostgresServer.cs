using System.Globalization;
using System.Security.Cryptography;
using Npgsql;
using OrderSystem.LocalServers;

namespace OrderSystem.LoadTest.Self;

/// <summary>A PostgreSQL with default settings, above all for durability.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private readonly PostgresProcess process;

    private PostgresServer(PostgresProcess process, string password) => (this.process, Password) = (process, password);

    internal string Password { get; }

    internal int Port => process.Port;

    internal int ProcessId => process.ProcessId;

    internal static async Task<PostgresServer> StartAsync(string parent)
    {
        var folder = Path.Combine(parent, "postgres");
        await PostgresAccount.MakeDirectoryAsync(folder);
        var (started, secret) = (new PostgresProcess(folder), RandomNumberGenerator.GetHexString(32, lowercase: true));
        await started.Cluster.InitialiseAsync(secret, "--no-instructions", "--auth-local=reject", "--locale=C");
        await started.StartAsync();
        return new(started, secret);
    }

    internal string ConnectionString(string database, string role = PostgresCluster.Superuser) =>
        $"Host=127.0.0.1;Port={Port};Username={role};Password={Password};Database={database}";

    internal async Task<string> ExecuteAsync(string sql, CancellationToken cancellationToken, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false;Command Timeout=0");
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>Drops databases that exist, with the dead rows and checkpoints that they would still cost.</summary>
    internal async Task DropAsync(IEnumerable<string> databases, CancellationToken cancellationToken)
    {
        foreach (var database in databases)
            await ExecuteAsync($"DROP DATABASE IF EXISTS {database} (FORCE)", cancellationToken);
        await ExecuteAsync("CHECKPOINT", cancellationToken);
    }

    /// <summary>Its version and the settings that decide durability and speed.</summary>
    internal async Task<string> DescribeAsync(CancellationToken cancellationToken) => await ExecuteAsync(
        """
        SELECT split_part(version(), ' ', 2) || ', ' || (
            SELECT string_agg(name || ' ' || current_setting(name), ', ' ORDER BY name)
            FROM unnest(ARRAY[
                'fsync', 'full_page_writes', 'synchronous_commit', 'shared_buffers', 'max_wal_size', 'max_connections']) AS name)
        """,
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await process.StopAsync();
        await process.DisposeAsync();
    }
}
