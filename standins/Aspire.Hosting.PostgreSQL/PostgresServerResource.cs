namespace Aspire.Hosting.ApplicationModel;

/// <summary>A PostgreSQL server in a container.</summary>
public class PostgresServerResource : ContainerResource, IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";

    private readonly Dictionary<string, string> _databases = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A server with a user and a password.</summary>
    public PostgresServerResource(string name, ParameterResource? userName, ParameterResource password)
        : base(name)
    {
        UserNameParameter = userName;
        PasswordParameter = password;
    }

    /// <summary>Where clients connect.</summary>
    public EndpointReference PrimaryEndpoint => new(this, PrimaryEndpointName);

    /// <summary>The user, if it is not <c>postgres</c>.</summary>
    public ParameterResource? UserNameParameter { get; set; }

    /// <summary>The user.</summary>
    public ReferenceExpression UserNameReference => UserNameParameter is { } user ? ReferenceExpression.Create($"{user}") : ReferenceExpression.Create($"postgres");

    /// <summary>The password.</summary>
    public ParameterResource PasswordParameter { get; set; }

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression =>
        ReferenceExpression.Create($"Host={Host};Port={Port};Username={UserNameReference};Password={PasswordParameter}");

    /// <summary>The databases: names of resources and of databases.</summary>
    public IReadOnlyDictionary<string, string> Databases => _databases;

    /// <summary>The host that clients connect to.</summary>
    public EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

    /// <summary>The port that clients connect to.</summary>
    public EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    /// <summary>The URL with user and password.</summary>
    public ReferenceExpression UriExpression => Uri(databaseName: null);

    /// <summary>The URL for JDBC.</summary>
    public ReferenceExpression JdbcConnectionString => Jdbc(databaseName: null);

    /// <summary>The connection string, as soon as the address is known.</summary>
    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) => ConnectionStringExpression.GetValueAsync(cancellationToken);

    internal void AddDatabase(string name, string databaseName) => _databases.TryAdd(name, databaseName);

    internal ReferenceExpression Uri(string? databaseName)
    {
        var user = UserNameParameter is { } parameter ? ReferenceExpression.Create($"{parameter:uri}") : ReferenceExpression.Create($"postgres");
        var path = databaseName is null ? "" : $"/{System.Uri.EscapeDataString(databaseName)}";
        return ReferenceExpression.Create($"postgresql://{user}:{PasswordParameter:uri}@{Host}:{Port}{path}");
    }

    internal ReferenceExpression Jdbc(string? databaseName) =>
        ReferenceExpression.Create($"jdbc:postgresql://{Host}:{Port}{(databaseName is null ? "" : $"/{System.Uri.EscapeDataString(databaseName)}")}");

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{Host}")),
        new("Port", ReferenceExpression.Create($"{Port}")),
        new("Username", UserNameReference),
        new("Password", ReferenceExpression.Create($"{PasswordParameter}")),
        new("Uri", UriExpression),
        new("JdbcConnectionString", JdbcConnectionString),
    ];
}
