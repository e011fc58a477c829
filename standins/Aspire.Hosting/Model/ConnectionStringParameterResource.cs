namespace Aspire.Hosting.ApplicationModel;

/// <summary>A connection string from configuration.</summary>
internal sealed class ConnectionStringParameterResource : ParameterResource, IResourceWithConnectionString
{
    private readonly string? _environmentVariable;

    public ConnectionStringParameterResource(string name, Func<ParameterDefault?, string> callback, string? environmentVariable)
        : base(name, callback, secret: true)
    {
        _environmentVariable = environmentVariable;
        IsConnectionString = true;
    }

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{new ParameterValue(this)}");

    public string? ConnectionStringEnvironmentVariable => _environmentVariable;

    string IManifestExpressionProvider.ValueExpression => $"{{{Name}.connectionString}}";

    // As a part of its own connection string the parameter is its value, not its connection string.
    private sealed class ParameterValue(ConnectionStringParameterResource parameter) : IExpressionValue
    {
        public string ValueExpression => $"{{{parameter.Name}.value}}";

        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => parameter.GetValueAsync(cancellationToken);
    }
}
