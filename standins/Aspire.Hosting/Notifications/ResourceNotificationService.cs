using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Knows the state of every resource and tells of each change.</summary>
public partial class ResourceNotificationService : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ResourceEvent> _current = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Channel<ResourceEvent>> _watchers = [];
    private readonly CancellationTokenSource _disposing = new();
    private readonly ILogger<ResourceNotificationService> _logger;
    private readonly CancellationToken _stopping;
    private long _version;

    /// <summary>Creates the service.</summary>
    public ResourceNotificationService(ILogger<ResourceNotificationService> logger, IHostApplicationLifetime hostApplicationLifetime)
    {
        _logger = logger;
        _stopping = hostApplicationLifetime.ApplicationStopping;
    }

    /// <summary>Waits for a state; null: Running.</summary>
    public async Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        await WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    /// <summary>Waits for one of several states and returns the one reached.</summary>
    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var targets = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var reached = await WaitForResourceAsync(resourceName, e => e.Snapshot.State is { } state && targets.Contains(state.Text), cancellationToken);
        return reached.Snapshot.State!.Text;
    }

    /// <summary>Waits until a resource is running, healthy and ready, even when it has failed meanwhile.</summary>
    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, DefaultWaitBehavior, cancellationToken);

    /// <summary>Waits until a resource is running, healthy and ready.</summary>
    /// <exception cref="DistributedApplicationException">It has failed, and the behaviour is to stop then.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, WaitBehavior waitBehavior, CancellationToken cancellationToken = default)
    {
        var reached = await WaitForResourceAsync(resourceName, e => IsReady(e) || waitBehavior == WaitBehavior.StopOnResourceUnavailable && HasEnded(e), cancellationToken);
        if (!IsReady(reached))
            throw new DistributedApplicationException($"Stopped waiting for resource '{reached.ResourceId}' to become healthy because it {Describe(reached)}.");
        await reached.Snapshot.ResourceReadyEvent!.EventTask.WaitAsync(cancellationToken);
        return reached;
    }

    /// <summary>Waits until a change of the resource, or its present state, fulfils the predicate.</summary>
    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping);
        await foreach (var change in WatchAsync(linked.Token))
        {
            if (IsNamed(change, resourceName) && predicate(change))
                return change;
        }

        throw new OperationCanceledException($"The operation was cancelled while waiting for the resource '{resourceName}'.");
    }

    /// <summary>The present state of a process, of a container or of a resource without either; a resource with a single process is found by its name too.</summary>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_gate)
        {
            if (_current.TryGetValue(resourceId, out resourceEvent))
                return true;
            var named = _current.Values.Where(e => IsNamed(e, resourceId)).Take(2).ToArray();
            resourceEvent = named.Length == 1 ? named[0] : null;
            return resourceEvent is not null;
        }
    }

    /// <summary>The present state of every resource, and then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        using var subscription = Subscribe();
        foreach (var present in subscription.Present)
            yield return present;
        await foreach (var change in subscription.Changes.ReadAllAsync(linked.Token))
            yield return change;
    }

    internal ResourceSubscription Subscribe()
    {
        var channel = Channel.CreateUnbounded<ResourceEvent>();
        lock (_gate)
        {
            _watchers.Add(channel);
            return new ResourceSubscription([.. _current.Values], channel.Reader, () => Unsubscribe(channel));
        }
    }

    /// <summary>Changes the state of one process or container of a resource.</summary>
    public Task PublishUpdateAsync(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_gate)
            Update(resource, resourceId, stateFactory);
        return Task.CompletedTask;
    }

    /// <summary>Changes the state of a resource: of all its processes or containers.</summary>
    public Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_gate)
        {
            var ids = _current.Values.Where(e => e.Resource == resource).Select(e => e.ResourceId).DefaultIfEmpty(resource.Name).ToArray();
            foreach (var id in ids)
                Update(resource, id, stateFactory);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _disposing.Cancel();
        _disposing.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Unsubscribe(Channel<ResourceEvent> channel)
    {
        lock (_gate)
            _watchers.Remove(channel);
    }

    private void Update(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        var before = _current.GetValueOrDefault(resourceId);
        var snapshot = before?.Snapshot ?? SnapshotFactory.Initial(resource);
        var change = new ResourceEvent(resource, resourceId, stateFactory(snapshot) with { Version = ++_version });
        change = new ResourceEvent(resource, resourceId, SnapshotFactory.WithCommandStates(change, Services));
        _current[resourceId] = change;
        if (change.Snapshot.State?.Text is { } state && state != before?.Snapshot.State?.Text)
            Log.Changed(_logger, resourceId, state);
        foreach (var watcher in _watchers)
            watcher.Writer.TryWrite(change);
    }

    private static bool IsNamed(ResourceEvent change, string name) =>
        string.Equals(change.Resource.Name, name, StringComparison.OrdinalIgnoreCase) || string.Equals(change.ResourceId, name, StringComparison.OrdinalIgnoreCase);

    private static bool IsReady(ResourceEvent change) =>
        change.Snapshot is { HealthStatus: HealthStatus.Healthy, ResourceReadyEvent: not null };

    private static bool HasEnded(ResourceEvent change) =>
        change.Snapshot.State is { } state && KnownResourceStates.TerminalStates.Contains(state.Text, StringComparer.Ordinal);

    private static string Describe(ResourceEvent change) => change.Snapshot.ExitCode is { } exitCode
        ? $"is {change.Snapshot.State?.Text} with exit code {exitCode}"
        : $"is {change.Snapshot.State?.Text}";

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Resource {ResourceId} is {State}")]
        public static partial void Changed(ILogger logger, string resourceId, string state);
    }
}
