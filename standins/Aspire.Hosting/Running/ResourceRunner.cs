using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Running;

/// <summary>Starts and stops single processes and containers, and publishes what becomes of them.</summary>
internal sealed partial class ResourceRunner(ResourceNotificationService notifications, ResourceLoggerService loggers, IDistributedApplicationEventing eventing,
    LaunchPlanner planner, ContainerRunner containers, ResourceUrls urls, RunningApplication application, IServiceProvider services)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task StartAsync(Instance instance, CancellationToken cancellationToken)
    {
        await instance.Gate.WaitAsync(cancellationToken);
        try
        {
            if (instance.Running is not null || application.IsStopping)
                return;
            using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, application.Stopping);
            instance.Starting = starting;
            await StartCoreAsync(instance, starting.Token);
        }
        finally
        {
            instance.Starting = null;
            instance.Gate.Release();
        }
    }

    public async Task StopAsync(Instance instance)
    {
        await CancelAsync(instance.Starting);
        await instance.Gate.WaitAsync(CancellationToken.None);
        try
        {
            if (instance.Running is not { } running)
                return;
            await PublishAsync(instance, s => s with { State = KnownResourceStates.Stopping });
            await running.StopAsync(Patience);
            await instance.Ended;
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    /// <summary>Lets a start that waits for other resources go on without them.</summary>
    public static Task EndWaitAsync(Instance instance) => CancelAsync(instance.Waiting);

    private static async Task CancelAsync(CancellationTokenSource? source)
    {
        try
        {
            if (source is not null)
                await source.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The start, or its wait, has ended in this moment.
        }
    }

    private async Task StartCoreAsync(Instance instance, CancellationToken cancellationToken)
    {
        var resource = instance.Resource;
        try
        {
            await PublishAsync(instance, s => Fresh(s) with { State = resource.Annotations.OfType<WaitAnnotation>().Any() ? KnownResourceStates.Waiting : KnownResourceStates.Starting });
            await WaitAsync(instance, cancellationToken);
            await PublishAsync(instance, s => s with { State = KnownResourceStates.Starting });
            await eventing.PublishAsync(new BeforeResourceStartedEvent(resource, services), cancellationToken);
            var launch = await planner.PlanAsync(instance, cancellationToken);
            void Output(string line, bool isError) => loggers.Append(instance.Id, line, isError);
            IRunning running = resource is ContainerResource container
                ? await containers.StartAsync(container, instance, launch, application.Guard, Output, cancellationToken)
                : await ChildProcess.StartAsync(planner.CommandOf(resource, launch), application.Guard, Output);
            instance.Running = running;
            var shown = await urls.OfAsync(instance, cancellationToken);
            await PublishAsync(instance, s => s with
            {
                State = KnownResourceStates.Running,
                StartTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime,
                EnvironmentVariables = [.. launch.Environment.Select(e => new EnvironmentVariableSnapshot(e.Key, e.Value, IsFromSpec: true))],
                Urls = shown,
                Properties = SnapshotProperties.Of(instance, launch, running.ProcessId),
            });
            instance.Ended = FollowAsync(instance, running);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await PublishAsync(instance, s => s with { State = KnownResourceStates.NotStarted });
        }
        catch (Exception e)
        {
            // Whatever keeps a resource from starting, be it a callback of its declaration, is that resource's failure and not the AppHost's.
            Log.FailedToStart(loggers.GetLogger(instance.Id), e.Message);
            await PublishAsync(instance, s => s with { State = KnownResourceStates.FailedToStart, StopTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime });
        }
    }

    private async Task WaitAsync(Instance instance, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        instance.Waiting = waiting;
        try
        {
            await notifications.WaitForDependenciesAsync(instance.Resource, waiting.Token);
        }
        catch (OperationCanceledException) when (waiting.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Somebody wants it started now.
        }
        finally
        {
            instance.Waiting = null;
        }
    }

    private async Task FollowAsync(Instance instance, IRunning running)
    {
        var exitCode = await running.Exited;
        instance.Running = null;
        await PublishAsync(instance, s => s with
        {
            State = instance.Resource is ContainerResource ? KnownResourceStates.Exited : KnownResourceStates.Finished,
            ExitCode = exitCode,
            StopTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime,
            Urls = [.. s.Urls.Select(u => u with { IsInactive = true })],
        });
        if (notifications.TryGetCurrentState(instance.Id, out var last))
            await eventing.PublishAsync(new ResourceStoppedEvent(instance.Resource, services, last), CancellationToken.None);
    }

    private Task PublishAsync(Instance instance, Func<CustomResourceSnapshot, CustomResourceSnapshot> change) =>
        notifications.PublishUpdateAsync(instance.Resource, instance.Id, change);

    private static CustomResourceSnapshot Fresh(CustomResourceSnapshot snapshot) => snapshot with
    {
        ExitCode = null,
        StartTimeStamp = null,
        StopTimeStamp = null,
        ResourceReadyEvent = null,
        HealthReports = [.. snapshot.HealthReports.Select(r => r with { Status = null, Description = null, ExceptionText = null })],
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Reason}")]
        public static partial void FailedToStart(ILogger logger, string reason);
    }
}
