using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>Asks for a value on behalf of one of the processes of a resource.</summary>
internal sealed class InstanceContext : ValueProviderContext
{
    public required string Suffix { get; init; }

    public required IReadOnlyDictionary<EndpointAnnotation, int> Ports { get; init; }
}

/// <summary>The port that a process itself listens on: another one in each replica.</summary>
internal sealed class TargetPortOf(IResource resource, EndpointAnnotation endpoint) : IExpressionValue
{
    public string ValueExpression => $"{{{resource.Name}.bindings.{endpoint.Name}.targetPort}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException($"The target port of '{resource.Name}' is known only to its own processes.");

    public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
        context is InstanceContext instance && instance.Ports.TryGetValue(endpoint, out var port)
            ? ValueTask.FromResult<string?>(port.ToString(CultureInfo.InvariantCulture))
            : GetValueAsync(cancellationToken);
}

/// <summary>What distinguishes the telemetry of one replica from that of another.</summary>
internal sealed class InstanceSuffix : IExpressionValue
{
    public string ValueExpression => "";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(null);

    public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult((context as InstanceContext)?.Suffix);
}
