namespace Aspire.Npgsql;

/// <summary>Settings of a PostgreSQL data source: section <c>Aspire:Npgsql</c>, then its subsection of the connection's name.</summary>
public sealed class NpgsqlSettings
{
    /// <summary>The connection string; one in <c>ConnectionStrings:name</c> wins.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Whether the health check is left out. Default: false.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Whether traces are left out. Default: false.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Whether metrics are left out. Default: false.</summary>
    public bool DisableMetrics { get; set; }
}
