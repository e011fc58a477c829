namespace OrderSystem.AppHost.Infrastructure;

/// <summary>NATS and PostgreSQL as containers with persistent volumes.</summary>
internal static class ContainerInfrastructure
{
    private const string ConfigurationFolder = "/etc/ordersystem";

    private static readonly string Configuration =
        $$"""
        listen: 0.0.0.0:4222
        http: 0.0.0.0:{{NatsMonitor.Port}}
        jetstream { store_dir: /var/lib/nats, sync_interval: always }
        """;

    /// <summary>For a manifest: one user for all services, whose password the deployment generates.</summary>
    internal static InfrastructureResources AddForDeployment(IDistributedApplicationBuilder builder)
    {
        var nats = builder.AddNats("nats").WithJetStream().WithDataVolume();
        var postgres = builder.AddPostgres("postgres").WithDataVolume();
        return new(
            new(nats, nats),
            DatabaseAccess.OfOneRole("orders", postgres.AddDatabase("orders")),
            DatabaseAccess.OfOneRole("payments", postgres.AddDatabase("payments")),
            nats,
            postgres);
    }

    /// <summary>For a local run: with the users and roles of production.</summary>
    internal static async Task<InfrastructureResources> AddAsync(IDistributedApplicationBuilder builder, string runtime)
    {
        await Console.Out.WriteLineAsync($"servers: containers ({runtime})");
        var data = await LocalData.OpenAsync(builder.DataFolder());
        var users = new LocalNatsUsers(builder, data);

        // Readable by all, because the container's account is unknown; the private folder around it keeps other users out.
        var folder = await users.WriteAsync(data.PrivateFolder("nats-container"), Configuration, readableByAll: true);
        var user = builder.AddParameter("nats-user", LocalNatsUsers.Provisioning);
        var nats = builder.AddNats("nats", userName: user, password: users.PasswordOf(LocalNatsUsers.Provisioning))
            .WithDataVolume()
            .WithBindMount(folder, ConfigurationFolder, isReadOnly: true)
            .WithArgs(context =>
            {
                // The default arguments contain a password, which every user of the machine can read.
                context.Args.Clear();
                context.Args.Add("--config");
                context.Args.Add($"{ConfigurationFolder}/nats.conf");
            })
            .WithHttpEndpoint(targetPort: NatsMonitor.Port, name: NatsMonitor.Endpoint)
            .WithNatsMonitor();
        var postgres = builder.AddPostgres("postgres").WithDataVolume();
        var address = nats.Resource.PrimaryEndpoint.Property(EndpointProperty.HostAndPort);
        var access = users.Connect(nats, ReferenceExpression.Create($"{address}"));
        return new(access, Database("orders", "order_api"), Database("payments", "payment_worker"), nats, postgres);

        DatabaseAccess Database(string name, string role)
        {
            var server = postgres.Resource.PrimaryEndpoint;
            var (host, port) = (server.Property(EndpointProperty.Host), server.Property(EndpointProperty.Port));
            var password = data.PasswordParameter(builder, role);
            var service = builder.AddConnectionString(
                $"{name}-service",
                ReferenceExpression.Create($"Host={host};Port={port};Username={role};Password={password};Database={name}"))
                .WithParentRelationship(postgres).WithHidden();
            return new(name, postgres.AddDatabase(name), service, new(role, password));
        }
    }
}
