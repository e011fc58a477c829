namespace Aspire.Hosting.ApplicationModel;

public partial class ResourceNotificationService
{
    internal WaitBehavior DefaultWaitBehavior { get; set; }

    internal IServiceProvider? Services { get; set; }

    /// <summary>Waits for everything that a resource waits for before it starts.</summary>
    /// <exception cref="DistributedApplicationException">Something that it waits for has failed for good.</exception>
    public async Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken)
    {
        var waits = resource.Annotations.OfType<WaitAnnotation>().ToArray();
        await Task.WhenAll(waits.Select(wait => WaitForDependencyAsync(wait, cancellationToken)));
    }

    private async Task WaitForDependencyAsync(WaitAnnotation wait, CancellationToken cancellationToken)
    {
        var name = wait.Resource.Name;
        if (wait.WaitType == WaitType.WaitForCompletion)
        {
            await WaitForAllAsync(wait.Resource, HasEnded, cancellationToken);
            foreach (var ended in Present(wait.Resource))
            {
                if (ended.Snapshot.State?.Text == KnownResourceStates.FailedToStart)
                    throw new DistributedApplicationException($"{name} failed to start");
                if (ended.Snapshot.ExitCode is { } exitCode && exitCode != wait.ExitCode)
                    throw new DistributedApplicationException($"{name} ended with exit code {exitCode}, not {wait.ExitCode}");
            }

            return;
        }

        var stop = (wait.WaitBehavior ?? DefaultWaitBehavior) == WaitBehavior.StopOnResourceUnavailable;
        var isThere = wait.WaitType == WaitType.WaitUntilHealthy ? (Func<ResourceEvent, bool>)IsReady : IsStarted;
        await WaitForAllAsync(wait.Resource, e => isThere(e) || stop && HasEnded(e), cancellationToken);
        foreach (var reached in Present(wait.Resource))
        {
            if (HasEnded(reached) && stop && !isThere(reached))
                throw new DistributedApplicationException($"{name} {Describe(reached)}");
            if (wait.WaitType == WaitType.WaitUntilHealthy && reached.Snapshot.ResourceReadyEvent is { } ready)
                await ready.EventTask.WaitAsync(cancellationToken);
        }
    }

    // Every process of the resource, and what belongs to the resource (a database waits for its server through its own events).
    private async Task WaitForAllAsync(IResource resource, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken)
    {
        await foreach (var _ in WatchAsync(cancellationToken))
        {
            var present = Present(resource);
            if (present.Length > 0 && present.All(predicate))
                return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw new OperationCanceledException($"The application stopped while waiting for {resource.Name}.");
    }

    internal ResourceEvent[] Present(IResource resource)
    {
        lock (_gate)
            return [.. _current.Values.Where(e => e.Resource == resource)];
    }

    private static bool IsStarted(ResourceEvent change) =>
        change.Snapshot.State?.Text is { } state && (state == KnownResourceStates.Running || state == KnownResourceStates.Active || HasEnded(change) && change.Snapshot.ExitCode == 0);
}
