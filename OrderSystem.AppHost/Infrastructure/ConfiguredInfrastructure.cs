using Microsoft.Extensions.Configuration;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>External servers: configured connection strings take precedence over every other setting.</summary>
internal static class ConfiguredInfrastructure
{
    private static readonly string[] Names = ["nats", "orders", "payments"];

    /// <summary>Whether all three connection strings are configured.</summary>
    /// <exception cref="InfrastructureException">Only some of them are configured, which is a mistake.</exception>
    internal static bool IsComplete(IConfiguration configuration)
    {
        var missing = Names.Where(name => string.IsNullOrWhiteSpace(configuration.GetConnectionString(name))).ToArray();
        return missing.Length switch
        {
            0 => true,
            3 => false,
            _ => throw new InfrastructureException(
                $"{Settings(missing)} is not set, but another connection string is. Set all three, or none."),
        };

        static string Settings(string[] names) => string.Join(" and ", names.Select(name => $"ConnectionStrings__{name}"));
    }

    internal static InfrastructureResources Add(IDistributedApplicationBuilder builder)
    {
        var nats = builder.AddConnectionString("nats");
        return new(
            new(nats, nats), DatabaseAccess.OfOneRole("orders", builder.AddConnectionString("orders")),
            DatabaseAccess.OfOneRole("payments", builder.AddConnectionString("payments")), NatsServer: null, Postgres: null);
    }

    /// <summary>For a manifest: a connection string parameter for each user of NATS and each role of PostgreSQL.</summary>
    internal static InfrastructureResources AddForDeployment(IDistributedApplicationBuilder builder)
    {
        var nats = new NatsAccess(Parameter("nats-order-api"), Parameter("nats-payment-worker"), Parameter("nats-provisioning"));
        return new(nats, Database("orders", "order_api"), Database("payments", "payment_worker"), NatsServer: null, Postgres: null);

        DatabaseAccess Database(string name, string role) => new(name, Parameter($"{name}-owner"), Parameter($"{name}-service"), new(role));
        IResourceBuilder<IResourceWithConnectionString> Parameter(string name) => builder.AddConnectionString(name);
    }
}
