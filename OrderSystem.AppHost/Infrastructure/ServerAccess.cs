namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Connections to NATS, one per user. With a single user, the services provision themselves.</summary>
internal sealed record NatsAccess(
    IResourceBuilder<IResourceWithConnectionString> OrderApi,
    IResourceBuilder<IResourceWithConnectionString> PaymentWorker,
    IResourceBuilder<IResourceWithConnectionString>? Provisioning = null,
    IResourceBuilder<IResourceWithConnectionString>? Ops = null)
{
    /// <summary>The name of the connection string in a service.</summary>
    internal const string Name = "nats";
}

/// <summary>Connections to one database, as its owner and as its service. With a single role they are the same.</summary>
internal sealed record DatabaseAccess(
    string Name,
    IResourceBuilder<IResourceWithConnectionString> Owner,
    IResourceBuilder<IResourceWithConnectionString> Service,
    RuntimeRole? Role = null)
{
    internal static DatabaseAccess OfOneRole(string name, IResourceBuilder<IResourceWithConnectionString> connection) =>
        new(name, connection, connection);
}

/// <summary>The database role of a service. The migration grants its rights, and creates it if the password is known.</summary>
internal sealed record RuntimeRole(string Name, IResourceBuilder<ParameterResource>? Password = null);
