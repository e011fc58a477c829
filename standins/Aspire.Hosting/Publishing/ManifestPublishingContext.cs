using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>Handed to what writes a resource into a manifest.</summary>
public sealed class ManifestPublishingContext(DistributedApplicationExecutionContext executionContext, string manifestPath, Utf8JsonWriter writer,
    CancellationToken cancellationToken = default)
{
    private readonly OrderedDictionary<string, IResource> _referenced = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, string> _encoded = new(StringComparer.Ordinal);

    /// <summary>How the application runs.</summary>
    public DistributedApplicationExecutionContext ExecutionContext { get; } = executionContext;

    /// <summary>The file that is written.</summary>
    public string ManifestPath { get; } = manifestPath;

    /// <summary>Writes the object of the resource.</summary>
    public Utf8JsonWriter Writer { get; } = writer;

    /// <summary>Ends with the application.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>A path, relative to the manifest.</summary>
    public string? GetManifestRelativePath(string? path) => path is null
        ? null
        : Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(ManifestPath))!, path).Replace('\\', '/');

    internal IReadOnlyCollection<IResource> Referenced => _referenced.Values;

    /// <summary>A value as it stands in the manifest; what it refers to is remembered.</summary>
    internal string Expression(object value)
    {
        switch (value)
        {
            case ReferenceExpression expression:
                var parts = expression.ValueProviders.Select((provider, i) => (object)Encoded(Expression(provider), expression.StringFormats[i])).ToArray();
                return string.Format(System.Globalization.CultureInfo.InvariantCulture, expression.Format, parts);
            case ParameterResource parameter:
                _referenced.TryAdd(parameter.Name, parameter);
                return parameter.ValueExpression;
            case IResource resource and IManifestExpressionProvider provider:
                _referenced.TryAdd(resource.Name, resource);
                return provider.ValueExpression;
            case IManifestExpressionProvider provider:
                foreach (var resource in References.Of(provider))
                    _referenced.TryAdd(resource.Name, resource);
                return provider.ValueExpression;
            default:
                return value.ToString() ?? "";
        }
    }

    /// <summary>The encoded values of a resource that were asked for.</summary>
    internal IEnumerable<(string Name, string Value)> EncodedOf(string resourceName) =>
        _encoded.Where(e => e.Value.StartsWith($"{{{resourceName}.", StringComparison.Ordinal)).Select(e => (e.Key, e.Value));

    private string Encoded(string expression, string? format)
    {
        if (format is null || !expression.StartsWith('{'))
            return expression;
        var name = expression.Trim('{', '}');
        name = (name.EndsWith(".value", StringComparison.Ordinal) ? name[..^".value".Length] : name.Replace('.', '-')) + $"-{format}-encoded";
        _encoded.TryAdd(name, expression);
        return $"{{{name}.value}}";
    }
}
