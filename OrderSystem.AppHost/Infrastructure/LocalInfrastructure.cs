using Microsoft.Extensions.Configuration;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>
/// nats-server and postgres as processes of this machine: loopback only, with passwords, with data that survives a restart, and never as root.
/// </summary>
internal static class LocalInfrastructure
{
    internal static async Task<InfrastructureResources> AddAsync(IDistributedApplicationBuilder builder)
    {
        var tools = new LocalTools(Path.GetFullPath(Path.Combine(builder.AppHostDirectory, "..")));
        var (natsServer, postgresServer) = (tools.FindNatsServer(), tools.FindPostgres());
        await Console.Out.WriteLineAsync($"servers: nats-server {natsServer.Version} and postgres {postgresServer.Version} as processes of this machine{natsServer.Advice}");

        var data = await LocalData.OpenAsync(builder.DataFolder());
        var ports = new LocalPorts(random: builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts"));
        var nats = await LocalNats.AddAsync(builder, data, natsServer, ports);
        var (orders, payments, postgres) = await LocalPostgres.AddAsync(builder, data, postgresServer, ports.Take(5432));
        return new(nats.Access, orders, payments, nats.Server, postgres);
    }
}
