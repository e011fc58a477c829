namespace Sample.AppHost;

/// <summary>The application whose manifest is known from Aspire itself.</summary>
internal static class OrderSystemModel
{
    public static void Add(IDistributedApplicationBuilder builder)
    {
        var nats = builder.AddNats("nats").WithJetStream().WithDataVolume();
        var postgres = builder.AddPostgres("postgres").WithDataVolume();
        var orders = postgres.AddDatabase("orders");
        var payments = postgres.AddDatabase("payments");

        var migrations = builder.AddProject<Projects.Sample_Web>("order-migrations")
            .WithArgs("migrate")
            .WithReference(orders)
            .WaitFor(orders);
        var gatewayUrl = builder.AddParameter("payment-gateway-url");
        builder.AddProject<Projects.Sample_Web>("order-api")
            .WithReference(nats)
            .WithReference(orders)
            .WaitFor(nats)
            .WaitFor(orders)
            .WaitForCompletion(migrations)
            .WithHttpHealthCheck("/health")
            .WithExternalHttpEndpoints()
            .WithReplicas(2);
        builder.AddProject<Projects.Sample_Web>("payment-worker")
            .WithReference(nats)
            .WithReference(payments)
            .WithEnvironment("Payments__GatewayUrl", gatewayUrl)
            .WaitFor(nats)
            .WaitFor(payments);
    }
}
