namespace OrderSystem.AppHost.Infrastructure;

/// <summary>NATS and PostgreSQL as containers, with volumes that survive them.</summary>
internal static class ContainerInfrastructure
{
    internal static InfrastructureResources Add(IDistributedApplicationBuilder builder)
    {
        var nats = builder.AddNats("nats").WithJetStream().WithDataVolume();
        var postgres = builder.AddPostgres("postgres").WithDataVolume();
        return new(nats, postgres.AddDatabase("orders"), postgres.AddDatabase("payments"), nats, postgres);
    }
}
