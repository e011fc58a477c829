namespace Aspire.Hosting.ApplicationModel;

/// <summary>Something that has a value while the application runs.</summary>
public interface IValueProvider
{
    /// <summary>The value, as soon as it is known.</summary>
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);

    /// <summary>The value as the caller of the context sees it.</summary>
    ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) => GetValueAsync(cancellationToken);
}

/// <summary>Something that has an expression in a manifest.</summary>
public interface IManifestExpressionProvider
{
    /// <summary>The expression, such as <c>{nats.bindings.tcp.port}</c>.</summary>
    string ValueExpression { get; }
}

/// <summary>A value while running and an expression when publishing.</summary>
public interface IExpressionValue : IValueProvider, IManifestExpressionProvider;

/// <summary>A value that depends on others.</summary>
public interface IValueWithReferences
{
    /// <summary>What the value depends on: resources and other values.</summary>
    IEnumerable<object> References { get; }
}

/// <summary>Who asks for a value.</summary>
public class ValueProviderContext
{
    /// <summary>How the application runs.</summary>
    public DistributedApplicationExecutionContext? ExecutionContext { get; init; }

    /// <summary>The resource that the value is for.</summary>
    public IResource? Caller { get; init; }
}
