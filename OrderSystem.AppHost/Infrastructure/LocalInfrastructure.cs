using Microsoft.Extensions.Configuration;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>
/// nats-server and postgres as processes of this machine: loopback only, with passwords, with data that survives a restart, and never as root.
/// </summary>
internal static class LocalInfrastructure
{
    internal static async Task<InfrastructureResources> AddAsync(IDistributedApplicationBuilder builder)
    {
        var repository = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, ".."));
        var data = await LocalData.OpenAsync(builder.DataFolder());
        var tools = new LocalTools(repository);
        var ports = new LocalPorts(random: builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts"));

        var nats = await LocalNats.AddAsync(builder, data, tools.FindNatsServer(), ports.Take(4222));
        var (orders, payments, postgres) = await LocalPostgres.AddAsync(builder, data, tools.FindPostgres(), ports.Take(5432));
        return new(nats.Access, orders, payments, nats.Server, postgres);
    }
}
