namespace Aspire.NATS.Net;

/// <summary>Settings of a NATS connection: section <c>Aspire:NATS:Net</c>, then its subsection of the connection's name.</summary>
public sealed class NatsClientSettings
{
    /// <summary>The server's URL, with user and password if it wants them; one in <c>ConnectionStrings:name</c> wins.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Whether the health check is left out. Default: false.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Whether traces are left out. Default: false.</summary>
    public bool DisableTracing { get; set; }
}
