namespace Aspire.Hosting.ApplicationModel;

/// <summary>Adds to the environment of a resource.</summary>
public class EnvironmentCallbackAnnotation(Func<EnvironmentCallbackContext, Task> callback) : IResourceAnnotation
{
    /// <summary>The callback.</summary>
    public Func<EnvironmentCallbackContext, Task> Callback { get; } = callback;
}

/// <summary>Adds to the command line of a resource.</summary>
public class CommandLineArgsCallbackAnnotation(Func<CommandLineArgsCallbackContext, Task> callback) : IResourceAnnotation
{
    /// <summary>The callback.</summary>
    public Func<CommandLineArgsCallbackContext, Task> Callback { get; } = callback;
}

/// <summary>A health check, registered by its key in the services, that decides over the health of a resource.</summary>
public class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    /// <summary>The name of the registration.</summary>
    public string Key { get; } = key;
}

/// <summary>How many processes a project runs as.</summary>
public class ReplicaAnnotation(int replicas = 1) : IResourceAnnotation
{
    /// <summary>The number.</summary>
    public int Replicas { get; } = replicas;
}

/// <summary>The resource is started by a command only.</summary>
public sealed class ExplicitStartupAnnotation : IResourceAnnotation;

/// <summary>A relation between two resources, for display.</summary>
public sealed class ResourceRelationshipAnnotation(IResource resource, string type) : IResourceAnnotation
{
    /// <summary>The other resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>Reference, Parent, WaitFor or another word.</summary>
    public string Type { get; } = type;
}

/// <summary>How a resource is written into a manifest; without a callback it is left out.</summary>
public class ManifestPublishingCallbackAnnotation(Func<Publishing.ManifestPublishingContext, Task>? callback) : IResourceAnnotation
{
    /// <summary>Writes the resource.</summary>
    public Func<Publishing.ManifestPublishingContext, Task>? Callback { get; } = callback;
}

/// <summary>A part of the connection string under a name of its own.</summary>
public sealed class ConnectionPropertyAnnotation(string name, ReferenceExpression value) : IResourceAnnotation
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;

    /// <summary>The part.</summary>
    public ReferenceExpression Value { get; } = value;
}

/// <summary>Which profile of launchSettings.json a project uses.</summary>
internal sealed class LaunchProfileAnnotation(string? name, bool excluded) : IResourceAnnotation
{
    public string? Name { get; } = name;

    public bool Excluded { get; } = excluded;
}

/// <summary>A project does not trust forwarded headers when it is deployed.</summary>
internal sealed class DisableForwardedHeadersAnnotation : IResourceAnnotation;

/// <summary>Which endpoints stand in the environment of a project.</summary>
internal sealed class EndpointEnvironmentFilterAnnotation(Func<EndpointAnnotation, bool> filter) : IResourceAnnotation
{
    public Func<EndpointAnnotation, bool> Filter { get; } = filter;
}
