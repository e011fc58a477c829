namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a reference to a resource puts into the environment of another one.</summary>
[Flags]
public enum ReferenceEnvironmentInjectionFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><c>ConnectionStrings__name</c>.</summary>
    ConnectionString = 1,

    /// <summary>The parts of the connection string: <c>NAME_HOST</c> and so on.</summary>
    ConnectionProperties = 2,

    /// <summary><c>services__name__endpoint__0</c>.</summary>
    ServiceDiscovery = 4,

    /// <summary><c>NAME_ENDPOINT</c>.</summary>
    Endpoints = 8,

    /// <summary>All of it.</summary>
    All = ConnectionString | ConnectionProperties | ServiceDiscovery | Endpoints,
}

internal sealed class ReferenceEnvironmentAnnotation(ReferenceEnvironmentInjectionFlags flags) : IResourceAnnotation
{
    public ReferenceEnvironmentInjectionFlags Flags { get; } = flags;
}

/// <summary>The connection string of a resource as a value.</summary>
public class ConnectionStringReference(IResourceWithConnectionString resource, bool optional = false) : IExpressionValue, IValueWithReferences
{
    /// <summary>The resource.</summary>
    public IResourceWithConnectionString Resource { get; } = resource;

    /// <summary>Whether it may be missing.</summary>
    public bool Optional { get; } = optional;

    /// <inheritdoc />
    public string ValueExpression => $"{{{Resource.Name}.connectionString}}";

    IEnumerable<object> IValueWithReferences.References => [Resource];

    /// <summary>The connection string; null when it is missing and may be.</summary>
    /// <exception cref="DistributedApplicationException">It is missing.</exception>
    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var value = await Resource.GetConnectionStringAsync(cancellationToken);
            return !string.IsNullOrEmpty(value) || Optional
                ? value
                : throw new DistributedApplicationException($"The connection string for the resource '{Resource.Name}' is not available.");
        }
        catch (MissingParameterValueException) when (Optional)
        {
            return null;
        }
    }
}
