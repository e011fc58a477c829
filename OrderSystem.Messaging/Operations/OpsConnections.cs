using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Npgsql;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.Operations;

/// <summary>The connections of one operator command: a small pool with short timeouts.</summary>
public sealed class OpsConnections : IAsyncDisposable
{
    private readonly NatsConnection nats;

    private OpsConnections(NatsConnection nats, NpgsqlDataSource database) =>
        (this.nats, Database, JetStream) = (nats, database, new NatsJSContext(nats));

    /// <summary>The service's own database.</summary>
    public NpgsqlDataSource Database { get; }

    /// <summary>The streams.</summary>
    public INatsJSContext JetStream { get; }

    /// <summary>Runs a command with its own connections, and reports an expected failure as one line on standard error.</summary>
    /// <param name="configuration">Holds the connection strings.</param>
    /// <param name="databaseName">Name of the connection string of the service's own database.</param>
    /// <param name="command">Returns the exit code.</param>
    public static Task<int> RunAsync(
        IConfiguration configuration, string databaseName, Func<OpsConnections, Task<int>> command) => RunAsync(async () =>
    {
        await using var connections = await OpenAsync(configuration, databaseName);
        return await command(connections);
    });

    /// <summary>The same for a command that needs only the database.</summary>
    public static Task<int> RunWithDatabaseAsync(
        IConfiguration configuration, string databaseName, Func<NpgsqlDataSource, Task<int>> command) => RunAsync(async () =>
    {
        await using var database = DatabaseOf(configuration, databaseName);
        return await command(database);
    });

    private static async Task<int> RunAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception failure) when (failure is NatsException or NpgsqlException or OpsException or OptionsValidationException
            or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(failure is OperationCanceledException ? "cancelled" : failure.Message);
            return OpsExitCode.Failed;
        }
    }

    private static async Task<OpsConnections> OpenAsync(IConfiguration configuration, string databaseName)
    {
        var url = Required(configuration, "nats", NatsUrl.Example, NatsUrl.IsReadable);
        var database = DatabaseOf(configuration, databaseName);
        var options = new NatsOpts { Url = url, Name = $"{databaseName} operations", ConnectTimeout = TimeSpan.FromSeconds(5) };
        var connection = new NatsConnection(options.WithAccess(configuration, "nats"));
        try
        {
            await connection.ConnectAsync();
        }
        catch (NatsException failure)
        {
            await connection.DisposeAsync();
            await database.DisposeAsync();
            throw new OpsException($"NATS cannot be reached: {failure.Message}. Check ConnectionStrings__nats.");
        }

        return new(connection, database);
    }

    private static NpgsqlDataSource DatabaseOf(IConfiguration configuration, string databaseName)
    {
        var given = Required(configuration, databaseName, ConnectionStrings.PostgresExample(databaseName), ConnectionStrings.IsPostgres);
        if (!PostgresHosts.LeadToPrimary(given))
            throw new OpsException(PostgresHosts.MayLeadToStandby(databaseName));
        var settings = PostgresHosts.ToPrimary(given);
        (settings.ApplicationName, settings.MaxPoolSize) = ($"{databaseName} operations", 4);
        return NpgsqlDataSource.Create(settings);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await nats.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static string Required(IConfiguration configuration, string name, string example, Func<string, bool> isReadable)
    {
        if (configuration.GetConnectionString(name) is not { Length: > 0 } value)
            throw new OpsException($"ConnectionStrings__{name} is not set; set it, for example to '{example}'.");
        return isReadable(value) ? value : throw new OpsException(ConnectionStrings.Unreadable(name, example));
    }
}

/// <summary>Exit codes of operator commands.</summary>
public static class OpsExitCode
{
    /// <summary>Success.</summary>
    public const int Done = 0;

    /// <summary>Negative result, such as no such order.</summary>
    public const int No = 1;

    /// <summary>The command failed.</summary>
    public const int Failed = 2;
}

/// <summary>A command cannot be carried out; the message says why and what to do.</summary>
public sealed class OpsException(string message) : Exception(message);
