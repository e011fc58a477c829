using Microsoft.Extensions.Configuration;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Servers that somebody else runs: connection strings that are configured win over everything.</summary>
internal static class ConfiguredInfrastructure
{
    private static readonly string[] Names = ["nats", "orders", "payments"];

    /// <summary>Whether all three connection strings are configured.</summary>
    /// <exception cref="InfrastructureException">Some are and some are not: half of a system elsewhere is nobody's intention.</exception>
    internal static bool IsComplete(IConfiguration configuration)
    {
        var missing = Names.Where(name => string.IsNullOrWhiteSpace(configuration.GetConnectionString(name))).ToArray();
        return missing.Length switch
        {
            0 => true,
            3 => false,
            _ => throw new InfrastructureException(
                $"{string.Join(" and ", missing.Select(name => $"ConnectionStrings__{name}"))} is not set, but another connection string is. Set all three, or none."),
        };
    }

    internal static InfrastructureResources Add(IDistributedApplicationBuilder builder)
    {
        var nats = builder.AddConnectionString("nats");
        return new(
            new(nats, nats), DatabaseAccess.OfOneRole("orders", builder.AddConnectionString("orders")),
            DatabaseAccess.OfOneRole("payments", builder.AddConnectionString("payments")), NatsServer: null, Postgres: null);
    }

    /// <summary>In a manifest: asks for a connection string for each user of NATS and each role of PostgreSQL.</summary>
    internal static InfrastructureResources AddForDeployment(IDistributedApplicationBuilder builder)
    {
        var nats = new NatsAccess(Ask("nats-order-api"), Ask("nats-payment-worker"), Ask("nats-provisioning"));
        return new(nats, Database("orders", "order_api"), Database("payments", "payment_worker"), NatsServer: null, Postgres: null);

        DatabaseAccess Database(string name, string role) => new(name, Ask($"{name}-owner"), Ask($"{name}-service"), new(role));
        IResourceBuilder<IResourceWithConnectionString> Ask(string name) => builder.AddConnectionString(name);
    }
}
