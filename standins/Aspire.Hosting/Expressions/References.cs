namespace Aspire.Hosting.ApplicationModel;

/// <summary>Finds the resources that a value depends on.</summary>
internal static class References
{
    public static IEnumerable<IResource> Of(object value) => value switch
    {
        IResourceWithConnectionString or ParameterResource => [(IResource)value],
        IResource resource => [resource],
        IValueWithReferences references => references.References.SelectMany(Of),
        _ => [],
    };

    /// <summary>The endpoints that a value contains, however deep.</summary>
    public static IEnumerable<EndpointReference> Endpoints(object value) => value switch
    {
        EndpointReference endpoint => [endpoint],
        IValueWithReferences references => references.References.SelectMany(Endpoints),
        _ => [],
    };
}
