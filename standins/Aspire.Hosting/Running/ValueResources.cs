using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Running;

/// <summary>Takes care of the resources without a process: parameters, connection strings and what belongs to another resource.</summary>
internal sealed partial class ValueResources(DistributedApplicationModel model, ResourceNotificationService notifications, ResourceLoggerService loggers,
    IDistributedApplicationEventing eventing, IServiceProvider services)
{
    /// <exception cref="DistributedApplicationException">Parameters or connection strings have no value; the message has a line for each.</exception>
    public async Task ResolveParametersAsync(CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var parameter in model.Resources.OfType<ParameterResource>())
        {
            try
            {
                var value = await parameter.GetValueAsync(cancellationToken);
                await notifications.PublishUpdateAsync(parameter, s => s with
                {
                    State = KnownResourceStates.Running,
                    Properties = [new ResourcePropertySnapshot("Value", value) { IsSensitive = parameter.Secret }],
                });
                if (parameter is IResourceWithConnectionString)
                    await eventing.PublishAsync(new ConnectionStringAvailableEvent(parameter, services), cancellationToken);
            }
            catch (MissingParameterValueException e)
            {
                missing.Add(e.Message);
                await notifications.PublishUpdateAsync(parameter, s => s with { State = new ResourceStateSnapshot(KnownResourceStates.ValueMissing, "warning") });
            }
        }

        if (missing.Count > 0)
            throw new DistributedApplicationException(string.Join(Environment.NewLine, missing));
    }

    public Task RunAsync(CancellationToken cancellationToken)
    {
        var tasks = new List<Task>();
        foreach (var resource in model.Resources.Where(r => r is not (ParameterResource or ProjectResource or ExecutableResource or ContainerResource)))
        {
            if (resource is IResourceWithParent child)
                tasks.Add(FollowParentAsync(child, cancellationToken));
            else if (resource is IResourceWithConnectionString connectionString)
                tasks.Add(ResolveAsync(connectionString, cancellationToken));
        }

        return Task.WhenAll(tasks);
    }

    private async Task ResolveAsync(IResourceWithConnectionString resource, CancellationToken cancellationToken)
    {
        try
        {
            await notifications.PublishUpdateAsync(resource, s => s with { State = KnownResourceStates.Waiting });
            await notifications.WaitForDependenciesAsync(resource, cancellationToken);
            var value = await resource.GetConnectionStringAsync(cancellationToken);
            await eventing.PublishAsync(new ConnectionStringAvailableEvent(resource, services), cancellationToken);
            await notifications.PublishUpdateAsync(resource, s => s with
            {
                State = KnownResourceStates.Running,
                StartTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime,
                Properties = [new ResourcePropertySnapshot("resource.connectionString", value) { IsSensitive = true }],
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The application stops.
        }
        catch (Exception e)
        {
            Log.FailedToStart(loggers.GetLogger(resource), e.Message);
            await notifications.PublishUpdateAsync(resource, s => s with { State = KnownResourceStates.FailedToStart });
        }
    }

    // A database is there as long as its server; whether it can be used, its own health checks say.
    private async Task FollowParentAsync(IResourceWithParent child, CancellationToken cancellationToken)
    {
        var available = false;
        try
        {
            await foreach (var change in notifications.WatchAsync(cancellationToken))
            {
                if (change.Resource != child.Parent || change.Snapshot.State is not { } state)
                    continue;
                if (!available && state.Text == KnownResourceStates.Running && child is IResourceWithConnectionString)
                {
                    available = true;
                    await eventing.PublishAsync(new ConnectionStringAvailableEvent(child, services), cancellationToken);
                }

                await notifications.PublishUpdateAsync(child, s => s.State?.Text == state.Text ? s : s with
                {
                    State = state,
                    StartTimeStamp = change.Snapshot.StartTimeStamp,
                    StopTimeStamp = change.Snapshot.StopTimeStamp,
                    ResourceReadyEvent = state.Text == KnownResourceStates.Running ? s.ResourceReadyEvent : null,
                });
            }
        }
        catch (OperationCanceledException)
        {
            // The application stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Reason}")]
        public static partial void FailedToStart(ILogger logger, string reason);
    }
}
