using NATS.Client.Core;
using NATS.Client.JetStream;
using Npgsql;

namespace OrderSystem.OrderApi.Ops.Commands;

/// <summary>The connections of one command: few, and given up on soon.</summary>
internal sealed class OpsConnections : IAsyncDisposable
{
    private readonly NatsConnection nats;

    private OpsConnections(NatsConnection nats, NpgsqlDataSource database) => (this.nats, Database, JetStream) = (nats, database, new NatsJSContext(nats));

    internal NpgsqlDataSource Database { get; }

    internal INatsJSContext JetStream { get; }

    internal static async Task<OpsConnections> OpenAsync(IConfiguration configuration)
    {
        var url = Required(configuration, "nats", "nats://localhost:4222");
        var database = new NpgsqlConnectionStringBuilder(Required(configuration, "orders", "Host=localhost;Database=orders;Username=...;Password=..."))
        {
            ApplicationName = "order-api operations",
            MaxPoolSize = 4,
        };
        var connection = new NatsConnection(new NatsOpts { Url = url, Name = "order-api operations", ConnectTimeout = TimeSpan.FromSeconds(5) });
        try
        {
            await connection.ConnectAsync();
        }
        catch (NatsException failure)
        {
            await connection.DisposeAsync();
            throw new OpsException($"NATS cannot be reached: {failure.Message}. ConnectionStrings__nats says where it is.");
        }

        return new(connection, NpgsqlDataSource.Create(database));
    }

    public async ValueTask DisposeAsync()
    {
        await nats.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static string Required(IConfiguration configuration, string name, string example) =>
        configuration.GetConnectionString(name) is { Length: > 0 } value ? value : throw new OpsException($"ConnectionStrings__{name} is not set; set it, for example to '{example}'.");
}
