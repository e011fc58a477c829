namespace OrderSystem.AppHost.Infrastructure;

/// <summary>One nats-server with JetStream. Its password stands in a file that only its owner can read, never among its arguments.</summary>
internal static class LocalNats
{
    private const string User = "ordersystem";

    internal static async Task<(IResourceBuilder<IResourceWithConnectionString> Connection, IResourceBuilder<IResource> Server)> AddAsync(
        IDistributedApplicationBuilder builder, LocalData data, string program, int port)
    {
        var folder = data.Folder("nats");
        var configuration = Path.Combine(folder, "nats.conf");
        await LocalData.WriteSecretAsync(
            configuration,
            $$"""
            listen: "127.0.0.1:{{port}}"
            server_name: ordersystem
            jetstream { store_dir: "{{folder}}" }
            authorization { user: {{User}}, password: "{{data.Password("nats")}}" }
            """);

        var password = builder.AddParameter("nats-password", data.Password("nats"), secret: true);
        var server = builder.AddExecutable("nats-server", program, folder, "-c", configuration)
            .WithEndpoint(port: port, targetPort: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithTcpHealthCheck(port);
        var endpoint = server.GetEndpoint("tcp");
        var connection = builder.AddConnectionString(
            "nats", ReferenceExpression.Create($"nats://{User}:{password}@127.0.0.1:{endpoint.Property(EndpointProperty.Port)}"));
        return (connection, server);
    }
}
