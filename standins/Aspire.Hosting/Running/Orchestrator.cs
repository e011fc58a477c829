using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Running;

/// <summary>Brings the application up and takes it down.</summary>
internal sealed class Orchestrator(DistributedApplicationModel model, RunningApplication application, ResourceRunner runner, ValueResources values, EndpointAllocator endpoints,
    ResourceNotificationService notifications, ResourceLoggerService loggers, HealthMonitor health, ConsoleReporter console, DashboardHost dashboard,
    IDistributedApplicationEventing eventing, IServiceProvider services) : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly List<TcpProxy> _proxies = [];
    private readonly List<Task> _background = [];
    private Task? _stopped;

    // The application starts after the host: what is wrong with it is not a failure of the host, with a stack trace in its log.
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartApplicationAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Running an AppHost with this implementation of Aspire.Hosting is not supported on Windows.");
        await PrepareAsync(cancellationToken);
        application.Start();
        _background.Add(console.RunAsync(_ending.Token));
        _background.Add(health.RunAsync(_ending.Token));
        await dashboard.StartAsync(application.Guard);
        foreach (var resource in model.Resources)
        {
            if (application.Instances.ContainsKey(resource))
                StartProxies(resource);
        }

        _background.Add(values.RunAsync(_ending.Token));
        foreach (var instance in application.Instances.Where(i => !i.Key.Annotations.OfType<ExplicitStartupAnnotation>().Any()).SelectMany(i => i.Value))
            _background.Add(runner.StartAsync(instance, _ending.Token));
        await eventing.PublishAsync(new AfterResourcesCreatedEvent(services, model), cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopped ??= StopCoreAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _ending.Dispose();
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        loggers.Instances = r => application.InstancesOf(r) is { Count: > 0 } instances ? [.. instances.Select(i => i.Id)] : [r.Name];
        foreach (var resource in model.Resources.Where(r => r is ProjectResource or ExecutableResource or ContainerResource))
        {
            var replicas = resource.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1;
            application.Instances[resource] = [.. Enumerable.Range(0, replicas).Select(_ => new Instance(resource))];
        }

        foreach (var resource in model.Resources)
        {
            foreach (var id in loggers.Instances(resource))
                await notifications.PublishUpdateAsync(resource, id, s => s);
        }

        await values.ResolveParametersAsync(cancellationToken);
        foreach (var (resource, instances) in application.Instances)
        {
            endpoints.Allocate(resource, instances);
            if (resource.Annotations.OfType<EndpointAnnotation>().Any())
                await eventing.PublishAsync(new ResourceEndpointsAllocatedEvent(resource, services), cancellationToken);
        }

        foreach (var resource in model.Resources.OfType<IResourceWithConnectionString>().Where(application.Instances.ContainsKey))
            await eventing.PublishAsync(new ConnectionStringAvailableEvent(resource, services), cancellationToken);
    }

    private void StartProxies(IResource resource)
    {
        if (resource is ContainerResource)
            return;
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var targets = application.InstancesOf(resource).Select(i => i.Ports[endpoint]).ToArray();
            if (endpoint.AllocatedEndpoint!.Port is var port && (targets.Length > 1 || targets[0] != port))
                _proxies.Add(new TcpProxy(port, targets));
        }
    }

    private async Task StopCoreAsync()
    {
        await application.BeginStopAsync();
        await StopOrder.StopAllAsync([.. application.Instances.Keys], r => Task.WhenAll(application.InstancesOf(r).Select(runner.StopAsync)));
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();

        // The dashboard is last: what the services tell while they stop is worth seeing.
        await dashboard.StopAsync();
        await _ending.CancelAsync();
        foreach (var task in _background)
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await application.EndAsync();
    }
}
