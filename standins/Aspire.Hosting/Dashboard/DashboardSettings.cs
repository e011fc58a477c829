using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Dashboard;

/// <summary>Where the dashboard is, and how it is reached.</summary>
internal sealed class DashboardSettings
{
    public DashboardSettings(DistributedApplicationOptions options, DistributedApplicationExecutionContext executionContext, AppHostProject project, IConfiguration configuration)
    {
        BrowserToken = configuration["AppHost:BrowserToken"] ?? configuration["ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN"] ?? NewKey();
        OtlpApiKey = configuration["AppHost:OtlpApiKey"] ?? NewKey();
        ResourceServiceApiKey = configuration["AppHost:ResourceService:ApiKey"] ?? NewKey();
        IsEnabled = !options.DisableDashboard && executionContext.IsRunMode;
        if (!IsEnabled)
            return;

        ResourceServiceUrl = configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] ?? configuration["DOTNET_RESOURCE_SERVICE_ENDPOINT_URL"];
        Command = DashboardLocator.Find(configuration, project.Directory);
        if (Command is null)
            return;
        FrontendUrl = new Uri((configuration["ASPNETCORE_URLS"] ?? "http://localhost:18888").Split(';')[0]);
        OtlpEndpoint = configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] is { } url ? new Uri(url) : new Uri($"http://localhost:{Running.FreePorts.Next()}");
    }

    public bool IsEnabled { get; }

    public DashboardCommand? Command { get; }

    public Uri? FrontendUrl { get; }

    public Uri? OtlpEndpoint { get; }

    public string BrowserToken { get; }

    public string OtlpApiKey { get; }

    /// <summary>Where the dashboard is to find the resources; null: on any port.</summary>
    public string? ResourceServiceUrl { get; }

    public string ResourceServiceApiKey { get; }

    private static string NewKey() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
