using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Aspire.Hosting;

/// <summary>Creates the databases of a server that has come up.</summary>
internal static partial class DatabaseCreation
{
    public static async Task CreateAllAsync(PostgresServerResource server, IEnumerable<IResource> resources, IServiceProvider services, CancellationToken cancellationToken)
    {
        var loggers = services.GetRequiredService<ResourceLoggerService>();
        var builder = new NpgsqlConnectionStringBuilder(await server.GetConnectionStringAsync(cancellationToken)) { Pooling = false };
        await using var connection = new NpgsqlConnection(builder.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        foreach (var database in resources.OfType<PostgresDatabaseResource>().Where(d => d.Parent == server))
            await CreateAsync(connection, database, loggers.GetLogger(database), cancellationToken);
    }

    private static async Task CreateAsync(NpgsqlConnection connection, PostgresDatabaseResource database, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            await using var exists = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = database.DatabaseName } } };
            if (await exists.ExecuteScalarAsync(cancellationToken) is not null)
                return;
            var script = database.Annotations.OfType<CreationScriptAnnotation>().LastOrDefault()?.Script;
#pragma warning disable CA2100 // A name cannot be a parameter of CREATE DATABASE; it is quoted.
            await using var create = new NpgsqlCommand(script ?? $"CREATE DATABASE {new NpgsqlCommandBuilder().QuoteIdentifier(database.DatabaseName)}", connection);
#pragma warning restore CA2100
            await create.ExecuteNonQueryAsync(cancellationToken);
            Log.Created(logger, database.DatabaseName);
        }
        catch (PostgresException e)
        {
            Log.Failed(logger, e, database.DatabaseName);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Database '{Database}' created")]
        public static partial void Created(ILogger logger, string database);

        [LoggerMessage(2, LogLevel.Error, "Failed to create database '{Database}'")]
        public static partial void Failed(ILogger logger, Exception exception, string database);
    }
}
