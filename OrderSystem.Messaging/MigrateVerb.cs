using System.Reflection;
using Microsoft.Extensions.Configuration;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Schema;

namespace OrderSystem.Messaging;

/// <summary><c>migrate</c>: the deployment step before a new version serves, with the permissions that services do not have.</summary>
public static class MigrateVerb
{
    /// <summary>Brings the database up to date, and JetStream where its connection string is given.</summary>
    /// <param name="configuration">Holds the connection strings.</param>
    /// <param name="databaseName">Name of that of the service's own database.</param>
    /// <param name="service">The assembly that embeds the service's migrations.</param>
    /// <returns>The exit code: 0, or 1 with one line on standard error.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration, string databaseName, Assembly service) =>
        await Migrator.RunAsync(configuration, databaseName, service) is not 0 and var failed
            ? failed
            : await TopologyMigration.RunAsync(configuration);
}
