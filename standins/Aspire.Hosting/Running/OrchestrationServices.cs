using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Dashboard.ResourceService;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Running;

internal static class OrchestrationServices
{
    public static void AddOrchestration(this IServiceCollection services)
    {
        services.AddSingleton<RunningApplication>();
        services.AddSingleton<ContainerRuntime>();
        services.AddSingleton<ContainerRunner>();
        services.AddSingleton<LaunchPlanner>();
        services.AddSingleton<ResourceUrls>();
        services.AddSingleton<EndpointAllocator>();
        services.AddSingleton<ResourceRunner>();
        services.AddSingleton<ValueResources>();
        services.AddSingleton<HealthMonitor>();
        services.AddSingleton<ConsoleReporter>();
        services.AddSingleton<PropertyMessages>();
        services.AddSingleton<ResourceMessages>();
        services.AddSingleton<ResourceCommandCalls>();
        services.AddSingleton<ResourceServiceMethods>();
        services.AddSingleton<ResourceServiceHost>();
        services.AddSingleton<DashboardHost>();
        services.AddSingleton<Orchestrator>();
        services.AddHostedService(s => s.GetRequiredService<Orchestrator>());

        // Services may drain for 30 seconds each time one depends on another; the host must not give up on them first.
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMinutes(3));
    }
}
