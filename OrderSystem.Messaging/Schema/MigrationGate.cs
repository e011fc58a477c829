using System.Reflection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.Schema;

/// <summary>Stops the service at start if its database is missing or not migrated.</summary>
internal sealed class MigrationGate(NpgsqlDataSource database, Assembly service, string connectionName, TimeProvider time) : IHostedService
{
    /// <summary>How long the service waits for its database to start.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                var missing = await Migrator.MissingAsync(database, service, cancellationToken);
                if (missing.Count > 0)
                    throw new StartupException(
                        $"database '{connectionName}' lacks {string.Join(", ", missing)}. "
                        + "Run the service once with the argument 'migrate'.");
                return;
            }
            catch (PostgresException refused) when (refused.SqlState is PostgresErrorCodes.InvalidCatalogName)
            {
                throw new StartupException(
                    $"database '{connectionName}' does not exist. Run the service once with the argument 'migrate'.");
            }
            catch (PostgresException refused) when (refused.SqlState is PostgresErrorCodes.InvalidPassword
                or PostgresErrorCodes.InvalidAuthorizationSpecification)
            {
                throw new StartupException(
                    $"database '{connectionName}' refuses the login: {refused.MessageText}. Correct ConnectionStrings__{connectionName}.");
            }
            catch (Exception failure) when (PostgresErrors.IsUnavailable(failure))
            {
                if (time.GetElapsedTime(started) > Timeout)
                    throw new StartupException(
                        $"database '{connectionName}' cannot be reached: {failure.Message}. "
                        + $"Start it, or correct ConnectionStrings__{connectionName}.");
                await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancellationToken);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
