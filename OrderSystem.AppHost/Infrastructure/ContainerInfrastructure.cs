namespace OrderSystem.AppHost.Infrastructure;

/// <summary>NATS and PostgreSQL as containers, with volumes that survive them.</summary>
internal static class ContainerInfrastructure
{
    private const string ConfigurationFolder = "/etc/ordersystem";

    private static readonly string Configuration =
        $$"""
        listen: 0.0.0.0:4222
        http: 0.0.0.0:{{NatsMonitor.Port}}
        jetstream { store_dir: /var/lib/nats, sync_interval: always }
        """;

    /// <summary>In a manifest: one user for everybody, whose password the deployment makes.</summary>
    internal static InfrastructureResources AddForDeployment(IDistributedApplicationBuilder builder)
    {
        var nats = builder.AddNats("nats").WithJetStream().WithDataVolume();
        var postgres = builder.AddPostgres("postgres").WithDataVolume();
        return new(
            new(nats, nats), DatabaseAccess.OfOneRole("orders", postgres.AddDatabase("orders")), DatabaseAccess.OfOneRole("payments", postgres.AddDatabase("payments")),
            nats, postgres);
    }

    /// <summary>On this machine: the users and roles that production has.</summary>
    internal static async Task<InfrastructureResources> AddAsync(IDistributedApplicationBuilder builder, string runtime)
    {
        await Console.Out.WriteLineAsync($"servers: containers ({runtime})");
        var data = await LocalData.OpenAsync(builder.DataFolder());
        var users = new LocalNatsUsers(builder, data);

        // The container reads it as whatever account it runs as; the folder around it keeps others out.
        var folder = await users.WriteAsync(data.PrivateFolder("nats-container"), Configuration, readableByAll: true);
        var nats = builder.AddNats("nats", userName: builder.AddParameter("nats-user", LocalNatsUsers.Provisioning), password: users.PasswordOf(LocalNatsUsers.Provisioning))
            .WithDataVolume()
            .WithBindMount(folder, ConfigurationFolder, isReadOnly: true)
            .WithArgs(context =>
            {
                // Its own arguments would name a user and a password for everybody who can list processes.
                context.Args.Clear();
                context.Args.Add("--config");
                context.Args.Add($"{ConfigurationFolder}/nats.conf");
            })
            .WithHttpEndpoint(targetPort: NatsMonitor.Port, name: NatsMonitor.Endpoint)
            .WithNatsMonitor();
        var postgres = builder.AddPostgres("postgres").WithDataVolume();
        var access = users.Connect(nats, ReferenceExpression.Create($"{nats.Resource.PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}"));
        return new(access, Database("orders", "order_api"), Database("payments", "payment_worker"), nats, postgres);

        DatabaseAccess Database(string name, string role)
        {
            var server = postgres.Resource.PrimaryEndpoint;
            var password = data.PasswordParameter(builder, role);
            var service = builder.AddConnectionString(
                $"{name}-service",
                ReferenceExpression.Create(
                    $"Host={server.Property(EndpointProperty.Host)};Port={server.Property(EndpointProperty.Port)};Username={role};Password={password};Database={name}"))
                .WithParentRelationship(postgres).WithHidden();
            return new(name, postgres.AddDatabase(name), service, new(role, password));
        }
    }
}
