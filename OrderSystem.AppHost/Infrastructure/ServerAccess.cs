namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Connections to NATS, one for each user. Where there is but one user, everybody is that one, and nobody has to provision.</summary>
internal sealed record NatsAccess(
    IResourceBuilder<IResourceWithConnectionString> OrderApi,
    IResourceBuilder<IResourceWithConnectionString> PaymentWorker,
    IResourceBuilder<IResourceWithConnectionString>? Provisioning = null,
    IResourceBuilder<IResourceWithConnectionString>? Ops = null)
{
    /// <summary>What the connection string is called in a service.</summary>
    internal const string Name = "nats";
}

/// <summary>Connections to one database: its owner's, and its service's. Where there is but one role, they are the same.</summary>
internal sealed record DatabaseAccess(
    string Name, IResourceBuilder<IResourceWithConnectionString> Owner, IResourceBuilder<IResourceWithConnectionString> Service, RuntimeRole? Role = null)
{
    internal static DatabaseAccess OfOneRole(string name, IResourceBuilder<IResourceWithConnectionString> connection) => new(name, connection, connection);
}

/// <summary>The role as which a service works. Its migration gives it its rights, and makes it where the password is known.</summary>
internal sealed record RuntimeRole(string Name, IResourceBuilder<ParameterResource>? Password = null);
