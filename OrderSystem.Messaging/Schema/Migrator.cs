using System.Reflection;
using Microsoft.Extensions.Configuration;
using Npgsql;
using OrderSystem.Messaging.Connections;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.Schema;

/// <summary>
/// Brings a service's database up to date: numbered SQL files, each once, in one transaction each, or one statement outside of any.
/// </summary>
internal static class Migrator
{
    /// <summary>Runs the <c>migrate</c> verb: creates the database if necessary, applies missing scripts, and reports them.</summary>
    /// <param name="configuration">Holds the connection string.</param>
    /// <param name="connectionName">Its name.</param>
    /// <param name="service">The assembly that embeds the service's scripts.</param>
    /// <returns>The exit code: 0, or 1 with one line on standard error.</returns>
    internal static async Task<int> RunAsync(IConfiguration configuration, string connectionName, Assembly service)
    {
        if (configuration.GetConnectionString(connectionName) is not { Length: > 0 } connectionString)
        {
            await Console.Error.WriteLineAsync(
                $"migrate: ConnectionStrings__{connectionName} is not set. Set it to the connection string of the database to migrate.");
            return 1;
        }

        if (!ConnectionStrings.IsPostgres(connectionString))
        {
            await Console.Error.WriteLineAsync(
                $"migrate: {ConnectionStrings.Unreadable(connectionName, ConnectionStrings.PostgresExample(connectionName))}");
            return 1;
        }

        if (!PostgresHosts.LeadToPrimary(connectionString))
        {
            await Console.Error.WriteLineAsync($"migrate: {PostgresHosts.MayLeadToStandby(connectionName)}");
            return 1;
        }

        try
        {
            var applied = await ApplyAsync(
                connectionString, service, CancellationToken.None, RuntimeRole.From(configuration), progress: Console.Out);
            await Console.Out.WriteLineAsync(applied.Count == 0
                ? $"migrate: database '{connectionName}' is up to date."
                : $"migrate: database '{connectionName}' is up to date; applied {string.Join(", ", applied)}.");
            return 0;
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException or StartupException)
        {
            await Console.Error.WriteLineAsync($"migrate: database '{connectionName}' not migrated: {failure.Message}");
            return 1;
        }
    }

    internal static async Task<IReadOnlyList<string>> ApplyAsync(
        string connectionString, Assembly service, CancellationToken cancellationToken, RuntimeRole? role = null, TimeProvider? time = null,
        TextWriter? progress = null)
    {
        // Not pooled, and without command timeout: an index on a large table may take long.
        var settings = PostgresHosts.ToPrimary(connectionString);
        (settings.Pooling, settings.CommandTimeout) = (false, 0);
        await CreateDatabaseAsync(settings, cancellationToken);
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var locks = await MigrationLocks.OpenAsync(
            connection, settings, time ?? TimeProvider.System, progress ?? TextWriter.Null, cancellationToken);
        await locks.ExcludeOthersAsync(cancellationToken);
        await ExecuteAsync(
            connection,
            "CREATE TABLE IF NOT EXISTS schema_migrations (id text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
            cancellationToken);

        var done = await AppliedAsync(connection, cancellationToken);
        var applied = new List<string>();
        foreach (var script in MigrationScript.Of(service).Where(script => !done.Contains(script.Id)))
        {
            await locks.RunAsync(
                script.Id, () => ApplyAsync(connection, script, cancellationToken), script.ConcurrentIndex is not null, cancellationToken);
            applied.Add(script.Id);
        }

        if (role is not null)
            await locks.RunAsync(
                "the rights of the service's role", () => role.GrantAsync(connection, service, cancellationToken), isConcurrent: false,
                cancellationToken);
        return applied;
    }

    /// <summary>
    /// Applies a script and records it, in one transaction. An online script has none: it is repeated if it was not recorded.
    /// </summary>
    private static async Task ApplyAsync(NpgsqlConnection connection, MigrationScript script, CancellationToken cancellationToken)
    {
        await using var transaction = script.IsOnline ? null : await connection.BeginTransactionAsync(cancellationToken);
        if (script.ConcurrentIndex is { } index)
            await DropInvalidAsync(connection, index, cancellationToken);
        await ExecuteAsync(connection, script.Sql, cancellationToken);
        await using var record = new NpgsqlCommand("INSERT INTO schema_migrations (id) VALUES ($1)", connection)
        {
            Parameters = { new() { Value = script.Id } },
        };
        await record.ExecuteNonQueryAsync(cancellationToken);
        if (transaction is not null)
            await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>An aborted CREATE INDEX CONCURRENTLY leaves an index that no query reads, and that IF NOT EXISTS finds.</summary>
    private static async Task DropInvalidAsync(NpgsqlConnection connection, string index, CancellationToken cancellationToken)
    {
        await using var query = new NpgsqlCommand(
            "SELECT true FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid", connection)
        {
            Parameters = { new() { Value = index } },
        };
        if (await query.ExecuteScalarAsync(cancellationToken) is true)
            await ExecuteAsync(connection, $"DROP INDEX CONCURRENTLY IF EXISTS {index}", cancellationToken);
    }

    /// <summary>The scripts that the database lacks.</summary>
    internal static async Task<IReadOnlyList<string>> MissingAsync(
        NpgsqlDataSource database, Assembly service, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var done = await AppliedAsync(connection, cancellationToken);
            return [.. MigrationScript.Of(service).Select(script => script.Id).Where(id => !done.Contains(id))];
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return [.. MigrationScript.Of(service).Select(script => script.Id)];
        }
    }

    private static async Task CreateDatabaseAsync(NpgsqlConnectionStringBuilder settings, CancellationToken cancellationToken)
    {
        try
        {
            await using var probe = new NpgsqlConnection(settings.ConnectionString);
            await probe.OpenAsync(cancellationToken);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            var maintenance = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Database = "postgres" };
            await using var server = new NpgsqlConnection(maintenance.ConnectionString);
            await server.OpenAsync(cancellationToken);
            var name = new NpgsqlCommandBuilder().QuoteIdentifier(settings.Database!);
            try
            {
                await ExecuteAsync(server, $"CREATE DATABASE {name}", cancellationToken);
            }
            catch (PostgresException race) when (race.SqlState is PostgresErrorCodes.DuplicateDatabase
                or PostgresErrorCodes.UniqueViolation)
            {
                // Another migrator was faster; the advisory lock serialises the rest.
            }
        }
    }

    private static async Task<HashSet<string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var query = new NpgsqlCommand("SELECT id FROM schema_migrations", connection);
        await using var reader = await query.ExecuteReaderAsync(cancellationToken);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
            ids.Add(reader.GetString(0));
        return ids;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
