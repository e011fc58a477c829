namespace OrderSystem.AppHost.Infrastructure;

/// <summary>One nats-server with JetStream. Its users' passwords are in a file that only its owner can read.</summary>
internal static class LocalNats
{
    internal static async Task<(NatsAccess Access, IResourceBuilder<IResource> Server)> AddAsync(
        IDistributedApplicationBuilder builder, LocalData data, ServerProgram program, int port, int monitor)
    {
        var folder = data.Folder("nats");
        var users = new LocalNatsUsers(builder, data);
        var configuration = await users.WriteAsync(
            folder,
            $$"""
            listen: "127.0.0.1:{{port}}"
            http: "127.0.0.1:{{monitor}}"
            server_name: ordersystem
            jetstream {
              store_dir: "{{folder}}"
              {{program.SyncInterval}}
            }
            """);

        var server = builder.AddExecutable("nats-server", program.Path, folder, "-c", Path.Combine(configuration, "nats.conf"))
            .WithEndpoint(port: port, targetPort: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithEndpoint(port: monitor, targetPort: monitor, scheme: "http", name: NatsMonitor.Endpoint, isProxied: false)
            .WithNatsMonitor();
        var address = ReferenceExpression.Create($"127.0.0.1:{server.GetEndpoint("tcp").Property(EndpointProperty.Port)}");
        return (users.Connect(server, address), server);
    }
}
