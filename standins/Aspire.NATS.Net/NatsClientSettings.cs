namespace Aspire.NATS.Net;

/// <summary>
/// Settings of a NATS connection: section <c>Aspire:NATS:Net</c>, overridden by its subsection with the name of the connection.
/// </summary>
public sealed class NatsClientSettings
{
    /// <summary>URL of the server, with user and password if it requires them; <c>ConnectionStrings:name</c> overrides it.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Whether to omit the health check. Default: false.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Whether to omit tracing. Default: false.</summary>
    public bool DisableTracing { get; set; }
}
