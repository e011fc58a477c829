using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Says on the console when the API takes orders, and what failed, for a developer who has not opened the dashboard.</summary>
internal sealed class StartupReport(ResourceNotificationService resources, IResourceBuilder<ProjectResource> api) : BackgroundService
{
    private readonly Dictionary<string, string> said = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in resources.WatchAsync(stoppingToken))
        {
            if (Describe(change) is { } line && said.GetValueOrDefault(change.ResourceId) != line)
                await Console.Out.WriteLineAsync(said[change.ResourceId] = line);
        }
    }

    private string? Describe(ResourceEvent change)
    {
        var (name, state, exitCode) = (change.Resource.Name, change.Snapshot.State?.Text, change.Snapshot.ExitCode);
        if (state == KnownResourceStates.FailedToStart)
            return $"{name} failed to start.";
        if (exitCode is > 0 && (state == KnownResourceStates.Exited || state == KnownResourceStates.Finished))
            return $"{name} ended with exit code {exitCode}.";
        return change.Resource == api.Resource && state == KnownResourceStates.Running && change.Snapshot.HealthStatus is HealthStatus.Healthy
            ? $"{name} takes orders at {api.GetEndpoint("http").Url}; './run.sh --token' prints a token."
            : null;
    }
}

internal static class StartupReportSetup
{
    internal static void AddStartupReport(this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api)
    {
        // Before the service that starts the resources, which has not started itself until they have.
        if (builder.ExecutionContext.IsRunMode)
            builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(services => new StartupReport(services.GetRequiredService<ResourceNotificationService>(), api)));
    }
}
