namespace Aspire.Hosting.ApplicationModel;

/// <summary>A database of a PostgreSQL server.</summary>
public class PostgresDatabaseResource(string name, string databaseName, PostgresServerResource postgresParentResource)
    : Resource(name), IResourceWithParent<PostgresServerResource>, IResourceWithConnectionString
{
    /// <summary>The server.</summary>
    public PostgresServerResource Parent { get; } = postgresParentResource;

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{new ServerConnectionString(Parent)};Database={DatabaseName}");

    /// <summary>The name of the database.</summary>
    public string DatabaseName { get; } = databaseName;

    /// <summary>The URL with user and password.</summary>
    public ReferenceExpression UriExpression => Parent.Uri(DatabaseName);

    /// <summary>The URL for JDBC.</summary>
    public ReferenceExpression JdbcConnectionString => Parent.Jdbc(DatabaseName);

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
        ((IResourceWithConnectionString)Parent).GetConnectionProperties()
            .Select(p => p.Key switch
            {
                "Uri" => new(p.Key, UriExpression),
                "JdbcConnectionString" => new(p.Key, JdbcConnectionString),
                _ => p,
            })
            .Append(new("DatabaseName", ReferenceExpression.Create($"{DatabaseName}")));

    // In a manifest the server's connection string is referred to, not repeated.
    private sealed class ServerConnectionString(PostgresServerResource server) : IExpressionValue, IValueWithReferences
    {
        public string ValueExpression => $"{{{server.Name}.connectionString}}";

        public IEnumerable<object> References => [server];

        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => server.GetConnectionStringAsync(cancellationToken);
    }
}
