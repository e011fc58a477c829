using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard.Grpc;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Dashboard.ResourceService;

/// <summary>What the dashboard can ask.</summary>
internal sealed class ResourceServiceMethods(
    ResourceNotificationService notifications, ResourceLoggerService loggers, ResourceMessages messages, ResourceCommandCalls commands, DistributedApplicationOptions options,
    IHostEnvironment environment)
{
    /// <summary>The methods by the paths that they are called under.</summary>
    public IReadOnlyDictionary<string, Func<GrpcCall, Task>> ByPath => new Dictionary<string, Func<GrpcCall, Task>>(StringComparer.Ordinal)
    {
        ["/aspire.v1.DashboardService/GetApplicationInformation"] = GetApplicationInformationAsync,
        ["/aspire.v1.DashboardService/WatchResources"] = WatchResourcesAsync,
        ["/aspire.v1.DashboardService/WatchResourceConsoleLogs"] = WatchResourceConsoleLogsAsync,
        ["/aspire.v1.DashboardService/ExecuteResourceCommand"] = ExecuteResourceCommandAsync,
        ["/aspire.v1.DashboardService/WatchInteractions"] = WatchInteractionsAsync,
    };

    private async Task GetApplicationInformationAsync(GrpcCall call)
    {
        await call.ReadSingleAsync(ApplicationInformationRequest.Parser);
        await call.WriteAsync(new ApplicationInformationResponse { ApplicationName = options.DashboardApplicationName ?? environment.ApplicationName });
    }

    private async Task WatchResourcesAsync(GrpcCall call)
    {
        await call.ReadSingleAsync(WatchResourcesRequest.Parser);
        using var subscription = notifications.Subscribe();
        await call.WriteAsync(new WatchResourcesUpdate { InitialData = new InitialResourceData { Resources = { subscription.Present.Select(messages.Of) } } });
        while (await subscription.Changes.WaitToReadAsync(call.CancellationToken))
        {
            // Of what has changed several times since the last batch only the last state is of interest.
            var latest = new OrderedDictionary<string, ResourceEvent>(StringComparer.Ordinal);
            while (subscription.Changes.TryRead(out var change))
                latest[change.ResourceId] = change;
            await call.WriteAsync(new WatchResourcesUpdate
            {
                Changes = new WatchResourcesChanges { Value = { latest.Values.Select(change => new WatchResourcesChange { Upsert = messages.Of(change) }) } },
            });
        }
    }

    private async Task WatchResourceConsoleLogsAsync(GrpcCall call)
    {
        var request = await call.ReadSingleAsync(WatchResourceConsoleLogsRequest.Parser);
        await call.AcceptAsync();

        // The log of what does not exist is empty; to watch it would be to wait for ever.
        if (!notifications.TryGetCurrentState(request.ResourceName, out var resource))
            return;
        var log = request.SuppressFollow ? loggers.GetAllAsync(resource.ResourceId) : loggers.WatchAsync(resource.ResourceId);
        await foreach (var batch in log.WithCancellation(call.CancellationToken))
        {
            var lines = batch.Select(line => new ConsoleLogLine { LineNumber = line.LineNumber, Text = line.Content, IsStdErr = line.IsErrorMessage });
            await call.WriteAsync(new WatchResourceConsoleLogsUpdate { LogLines = { lines } });
        }
    }

    private async Task ExecuteResourceCommandAsync(GrpcCall call)
    {
        var request = await call.ReadSingleAsync(ResourceCommandRequest.Parser);
        await call.WriteAsync(await commands.ExecuteAsync(request, call.CancellationToken));
    }

    // Nothing of this application asks questions, so the call is held open and what comes answers none.
    private static async Task WatchInteractionsAsync(GrpcCall call)
    {
        await call.AcceptAsync();
        while (await call.ReadAsync(WatchInteractionsRequestUpdate.Parser) is not null)
        {
        }
    }
}
