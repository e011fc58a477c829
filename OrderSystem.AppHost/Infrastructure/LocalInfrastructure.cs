using Microsoft.Extensions.Configuration;
using OrderSystem.LocalServers;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>nats-server and postgres as local processes: on loopback, with passwords and persistent data, never as root.</summary>
internal static class LocalInfrastructure
{
    internal static async Task<InfrastructureResources> AddAsync(IDistributedApplicationBuilder builder)
    {
        var nats = ServerProgram.At(ServerPrograms.FindNatsServer() ?? throw Missing("nats-server", package: "nats-server"));
        var postgres = ServerPrograms.FindPostgres() ?? throw Missing("postgres", package: "postgresql");
        var postgresServer = ServerProgram.At(postgres.Postgres, postgres.Environment);
        await Console.Out.WriteLineAsync(
            $"servers: nats-server {nats.Version} and postgres {postgresServer.Version} as processes of this machine{nats.Advice}");

        var data = await LocalData.OpenAsync(builder.DataFolder());
        var (natsAccess, natsResource) = await LocalNats.AddAsync(builder, data, nats, PortFor(4222), monitor: PortFor(8222));
        var cluster = await LocalPostgres.PrepareAsync(data, postgres, postgresServer.Version);
        var (orders, payments, postgresResource) = LocalPostgres.Add(builder, data, cluster, PortFor(5432));
        return new(natsAccess, orders, payments, natsResource, postgresResource);

        // The default port if it is free, so that tools find the server.
        int PortFor(int usual) => Ports.Free(builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts") ? null : usual);
    }

    private static InfrastructureException Missing(string program, string package) =>
        new($"{program} was not found. Start Docker or Podman, or get it with './run.sh' or 'apt-get install {package}'.");
}
