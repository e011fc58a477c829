namespace Aspire.Hosting.ApplicationModel;

/// <summary>A NATS server in a container.</summary>
public class NatsServerResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";

    /// <summary>A server that requires a user and a password.</summary>
    public NatsServerResource(string name, ParameterResource? userName, ParameterResource? password)
        : this(name)
    {
        UserNameParameter = userName;
        PasswordParameter = password;
    }

    /// <summary>The endpoint for clients.</summary>
    public EndpointReference PrimaryEndpoint => new(this, PrimaryEndpointName);

    /// <summary>The host of the endpoint for clients.</summary>
    public EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

    /// <summary>The port of the endpoint for clients.</summary>
    public EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    /// <summary>The user; null for <c>nats</c>.</summary>
    public ParameterResource? UserNameParameter { get; set; }

    /// <summary>The user.</summary>
    public ReferenceExpression UserNameReference =>
        UserNameParameter is { } user ? ReferenceExpression.Create($"{user}") : ReferenceExpression.Create($"nats");

    /// <summary>The password; null when the server requires none.</summary>
    public ParameterResource? PasswordParameter { get; set; }

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression => UriExpression;

    /// <summary>The URL with user and password.</summary>
    public ReferenceExpression UriExpression
    {
        get
        {
            var uri = new ReferenceExpressionBuilder();
            uri.AppendLiteral("nats://");
            if (PasswordParameter is { } password)
            {
                if (UserNameParameter is { } user)
                    uri.AppendFormatted(user, "uri");
                else
                    uri.AppendLiteral("nats");
                uri.AppendLiteral(":");
                uri.AppendFormatted(password, "uri");
                uri.AppendLiteral("@");
            }

            uri.AppendFormatted(Host);
            uri.AppendLiteral(":");
            uri.AppendFormatted(Port);
            return uri.Build();
        }
    }

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties()
    {
        yield return new("Host", ReferenceExpression.Create($"{Host}"));
        yield return new("Port", ReferenceExpression.Create($"{Port}"));
        if (PasswordParameter is { } password)
        {
            yield return new("Username", UserNameReference);
            yield return new("Password", ReferenceExpression.Create($"{password}"));
        }

        yield return new("Uri", UriExpression);
    }
}
