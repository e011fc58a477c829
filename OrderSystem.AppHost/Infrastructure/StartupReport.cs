using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace OrderSystem.AppHost.Infrastructure;

/// <summary>Prints when the API is healthy, and what failed, for developers without an open dashboard.</summary>
internal sealed class StartupReport(ResourceNotificationService resources, IResourceBuilder<ProjectResource> api) : BackgroundService
{
    private readonly Dictionary<string, string> printed = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in resources.WatchAsync(stoppingToken))
        {
            if (Describe(change) is { } line && printed.GetValueOrDefault(change.ResourceId) != line)
                await Console.Out.WriteLineAsync(printed[change.ResourceId] = line);
        }
    }

    private string? Describe(ResourceEvent change)
    {
        var (name, state, exitCode) = (change.Resource.Name, change.Snapshot.State?.Text, change.Snapshot.ExitCode);
        if (state == KnownResourceStates.FailedToStart)
            return $"{name} failed to start.";
        if (exitCode is > 0 && (state == KnownResourceStates.Exited || state == KnownResourceStates.Finished))
            return $"{name} ended with exit code {exitCode}.";
        var isRunning = state == KnownResourceStates.Running;
        return change.Resource == api.Resource && isRunning && change.Snapshot.HealthStatus is HealthStatus.Healthy
            ? $"{name} takes orders at {api.GetEndpoint("http").Url}; './run.sh --token' prints a token."
            : null;
    }
}

internal static class StartupReportSetup
{
    internal static void AddStartupReport(this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api)
    {
        if (!builder.ExecutionContext.IsRunMode)
            return;

        // First, because the hosted service that starts the resources blocks the following ones until they have started.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(
            services => new StartupReport(services.GetRequiredService<ResourceNotificationService>(), api)));
    }
}
