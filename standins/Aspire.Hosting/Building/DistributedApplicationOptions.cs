namespace Aspire.Hosting;

/// <summary>How an AppHost is set up.</summary>
public sealed class DistributedApplicationOptions
{
    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">A value is set.</exception>
    public string? ContainerRegistryOverride
    {
        get => null;
        set => _ = value is null ? value : throw new NotSupportedException("DistributedApplicationOptions.ContainerRegistryOverride is not supported.");
    }

    /// <summary>Whether the logs of resources go to the AppHost's loggers too.</summary>
    public bool EnableResourceLogging { get; set; }

    /// <summary>The command line.</summary>
    public string[]? Args { get; set; }

    /// <summary>The AppHost's assembly; null: the entry assembly.</summary>
    public string? AssemblyName { get; set; }

    /// <summary>Whether no dashboard is started.</summary>
    public bool DisableDashboard { get; set; }

    /// <summary>The AppHost's directory; null: that of its project.</summary>
    public string? ProjectDirectory { get; set; }

    /// <summary>The name of the application in the dashboard.</summary>
    public string? DashboardApplicationName { get; set; }

    /// <summary>Whether the dashboard may be without TLS; everything here is, on loopback.</summary>
    public bool AllowUnsecuredTransport { get; set; }

    /// <summary>Whether development certificates are trusted; there are none here.</summary>
    public bool? TrustDeveloperCertificate { get; set; }
}
