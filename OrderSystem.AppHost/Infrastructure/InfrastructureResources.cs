using OrderSystem.LocalServers;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>NATS and PostgreSQL from any source. A server is null if this AppHost does not start it.</summary>
internal sealed record InfrastructureResources(
    NatsAccess Nats,
    DatabaseAccess Orders,
    DatabaseAccess Payments,
    IResourceBuilder<IResource>? NatsServer,
    IResourceBuilder<IResource>? Postgres);

internal static class InfrastructureSetup
{
    /// <summary><c>auto</c> (containers if a runtime responds, else local), <c>containers</c> or <c>local</c>.</summary>
    private const string Setting = "Infrastructure";

    /// <summary>For a deployment on existing servers: the manifest has parameters for their connection strings.</summary>
    private const string External = "external";

    /// <summary>Adds the configured infrastructure; null after an error, which is one line on standard error.</summary>
    internal static async Task<InfrastructureResources?> AddInfrastructureAsync(this IDistributedApplicationBuilder builder)
    {
        try
        {
            return await ChooseAsync(builder);
        }
        catch (Exception failure) when (failure is InfrastructureException or LocalServerException)
        {
            await Console.Error.WriteLineAsync($"OrderSystem.AppHost cannot start: {failure.Message}");
            return null;
        }
    }

    /// <summary>The folder of the persistent data of local servers and of the simulated provider.</summary>
    internal static string DataFolder(this IDistributedApplicationBuilder builder) =>
        Path.GetFullPath(builder.Configuration["Infrastructure:Data"] ?? Path.Combine(builder.AppHostDirectory, "..", ".data"));

    /// <summary>Waits for a server that this AppHost starts.</summary>
    internal static IResourceBuilder<ProjectResource> WaitForServer(
        this IResourceBuilder<ProjectResource> project, IResourceBuilder<IResource>? server) =>
        server is null ? project : project.WaitFor(server, WaitBehavior.StopOnResourceUnavailable);

    /// <summary>Gives a migration the connections of the database owner and of NATS provisioning.</summary>
    internal static IResourceBuilder<ProjectResource> WithMigrationAccess(
        this IResourceBuilder<ProjectResource> project, InfrastructureResources infrastructure, DatabaseAccess database)
    {
        project.WithReference(database.Owner, connectionName: database.Name).WaitForServer(infrastructure.Postgres);
        if (database.Role is { } role)
            project.WithEnvironment("Database__RuntimeRole", role.Name);
        if (database.Role?.Password is { } password)
            project.WithEnvironment("Database__RuntimePassword", password);
        if (infrastructure.Nats.Provisioning is { } provisioning)
            project.WithReference(provisioning, connectionName: NatsAccess.Name).WaitForServer(infrastructure.NatsServer);
        return project;
    }

    private static async Task<InfrastructureResources> ChooseAsync(IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return builder.Configuration[Setting] is External
                ? ConfiguredInfrastructure.AddForDeployment(builder)
                : ContainerInfrastructure.AddForDeployment(builder);
        }

        DataFolderLock.Take(builder);
        if (ConfiguredInfrastructure.IsComplete(builder.Configuration))
            return ConfiguredInfrastructure.Add(builder);

        var choice = builder.Configuration[Setting] ?? "auto";
        if (choice is not ("auto" or "containers" or "local"))
            throw new InfrastructureException($"{Setting} is '{choice}'; set it to auto, containers or local.");
        var runtime = choice == "local" ? null : await ContainerRuntime.FindAsync();
        return (choice, runtime) switch
        {
            (_, { } name) => await ContainerInfrastructure.AddAsync(builder, name),
            ("containers", _) => throw new InfrastructureException("no container runtime answers. Start Docker or Podman."),
            _ => await LocalInfrastructure.AddAsync(builder),
        };
    }
}

/// <summary>The infrastructure cannot be started. The message names what is missing and the command that installs it.</summary>
internal sealed class InfrastructureException(string message) : Exception(message);
