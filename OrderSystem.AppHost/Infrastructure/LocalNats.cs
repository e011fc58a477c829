namespace OrderSystem.AppHost.Infrastructure;

/// <summary>One nats-server with JetStream. Its users' passwords stand in a file that only its owner can read, never among its arguments.</summary>
internal static class LocalNats
{
    internal static async Task<(NatsAccess Access, IResourceBuilder<IResource> Server)> AddAsync(IDistributedApplicationBuilder builder, LocalData data, string program, int port)
    {
        var folder = data.Folder("nats");
        var users = new LocalNatsUsers(builder, data);
        var configuration = await users.WriteAsync(
            folder,
            $$"""
            listen: "127.0.0.1:{{port}}"
            server_name: ordersystem
            jetstream { store_dir: "{{folder}}" }
            """);

        var server = builder.AddExecutable("nats-server", program, folder, "-c", Path.Combine(configuration, "nats.conf"))
            .WithEndpoint(port: port, targetPort: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithTcpHealthCheck(port);
        return (users.Connect(ReferenceExpression.Create($"127.0.0.1:{server.GetEndpoint("tcp").Property(EndpointProperty.Port)}")), server);
    }
}
