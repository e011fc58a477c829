using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Running;

/// <summary>Runs the health checks of what is running, and announces what has become ready.</summary>
internal sealed class HealthMonitor(ResourceNotificationService notifications, IDistributedApplicationEventing eventing, HealthCheckService healthChecks, IServiceProvider services)
{
    private static readonly TimeSpan FirstPace = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SlowestPace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan HealthyPace = TimeSpan.FromSeconds(10);
    private readonly Dictionary<IResource, SemaphoreSlim> _monitored = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var monitors = new List<Task>();
        await foreach (var change in notifications.WatchAsync(cancellationToken))
        {
            if (change.Snapshot is not { ResourceReadyEvent: null } || !IsRunning(change))
                continue;
            if (_monitored.TryGetValue(change.Resource, out var wake))
            {
                if (wake.CurrentCount == 0)
                    wake.Release();
                continue;
            }

            _monitored[change.Resource] = wake = new SemaphoreSlim(1);
            monitors.Add(MonitorAsync(change.Resource, wake, cancellationToken));
        }

        await Task.WhenAll(monitors);
    }

    private async Task MonitorAsync(IResource resource, SemaphoreSlim wake, CancellationToken cancellationToken)
    {
        var keys = resource.Annotations.OfType<HealthCheckAnnotation>().Select(h => h.Key).ToHashSet(StringComparer.Ordinal);
        var pace = FirstPace;
        try
        {
            while (true)
            {
                // Without checks there is nothing to do until another process of the resource starts.
                if (await wake.WaitAsync(keys.Count == 0 ? Timeout.InfiniteTimeSpan : pace, cancellationToken))
                    pace = FirstPace;
                if (!notifications.Present(resource).Any(IsRunning))
                    continue;
                var isHealthy = keys.Count == 0 || await CheckAsync(resource, keys, cancellationToken);
                if (isHealthy)
                    await AnnounceAsync(resource);
                pace = isHealthy ? HealthyPace : pace == HealthyPace ? FirstPace : TimeSpan.FromTicks(Math.Min((long)(pace.Ticks * 1.5), SlowestPace.Ticks));
            }
        }
        catch (OperationCanceledException)
        {
            // The application stops.
        }
    }

    private async Task<bool> CheckAsync(IResource resource, HashSet<string> keys, CancellationToken cancellationToken)
    {
        var report = await healthChecks.CheckHealthAsync(r => keys.Contains(r.Name), cancellationToken);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var results = keys.Select(key => report.Entries.TryGetValue(key, out var entry)
            ? new HealthReportSnapshot(key, entry.Status, entry.Description, entry.Exception?.ToString()) { LastRunAt = now }
            : new HealthReportSnapshot(key, HealthStatus.Unhealthy, $"No health check is registered as '{key}'.", ExceptionText: null) { LastRunAt = now }).ToArray();
        await notifications.PublishUpdateAsync(resource, s => s.State?.Text == KnownResourceStates.Running ? s with { HealthReports = [.. results] } : s);
        return results.All(r => r.Status == HealthStatus.Healthy);
    }

    // Once for each time that the resource as a whole comes up: a replica that joins others shares their event.
    private async Task AnnounceAsync(IResource resource)
    {
        var running = notifications.Present(resource).Where(IsRunning).ToArray();
        if (running.All(e => e.Snapshot.ResourceReadyEvent is not null))
            return;
        var ready = running.Select(e => e.Snapshot.ResourceReadyEvent).FirstOrDefault(e => e is not null)
            ?? new EventSnapshot(eventing.PublishAsync(new ResourceReadyEvent(resource, services), CancellationToken.None));
        foreach (var instance in running)
            await notifications.PublishUpdateAsync(resource, instance.ResourceId, s => s.ResourceReadyEvent is null ? s with { ResourceReadyEvent = ready } : s);
    }

    private static bool IsRunning(ResourceEvent change) => change.Snapshot.State?.Text == KnownResourceStates.Running;
}
