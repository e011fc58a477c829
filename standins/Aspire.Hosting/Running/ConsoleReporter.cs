using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Running;

/// <summary>Writes a line for each change of a resource that somebody at the console wants to know of.</summary>
internal sealed class ConsoleReporter(ResourceNotificationService notifications, ResourceLoggerService loggers, DistributedApplicationModel model, RunningApplication application,
    IConfiguration configuration)
{
    private const int LogLines = 10;
    private readonly int _width = model.Resources.Select(r => r.Name.Length).DefaultIfEmpty(0).Max() + 2;
    private readonly Dictionary<string, string> _last = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (configuration.GetValue<bool>("AppHost:Quiet"))
            return;
        try
        {
            await foreach (var change in notifications.WatchAsync(cancellationToken))
            {
                if (application.InstancesOf(change.Resource).Count == 0 || Describe(change) is not { } line)
                    continue;
                if (_last.TryGetValue(change.ResourceId, out var last) && last == line)
                    continue;
                _last[change.ResourceId] = line;
                await Console.Out.WriteLineAsync($"{NameOf(change).PadRight(_width)}{line}");
                if (change.Snapshot.ExitCode is not (null or 0) && !application.IsStopping)
                    await WriteLogAsync(change.ResourceId);
            }
        }
        catch (OperationCanceledException)
        {
            // The application has stopped.
        }
    }

    private string NameOf(ResourceEvent change) => application.InstancesOf(change.Resource) is { Count: > 1 } instances
        ? $"{change.Resource.Name} {instances.TakeWhile(i => i.Id != change.ResourceId).Count() + 1}/{instances.Count}"
        : change.Resource.Name;

    private string? Describe(ResourceEvent change)
    {
        var snapshot = change.Snapshot;
        var state = snapshot.State?.Text;
        if (state == KnownResourceStates.NotStarted)
            return change.Resource.Annotations.OfType<ExplicitStartupAnnotation>().Any() ? $"{state}  until its start command" : null;
        if (state == KnownResourceStates.Waiting)
            return $"{state}  for {string.Join(", ", change.Resource.Annotations.OfType<WaitAnnotation>().Select(w => w.Resource.Name).Distinct())}";
        if (state == KnownResourceStates.Running)
            return Running(snapshot);
        if (snapshot.ExitCode is { } exitCode)
            return string.Create(CultureInfo.InvariantCulture, $"{state}  with exit code {exitCode}");
        if (state == KnownResourceStates.FailedToStart)
            return $"{state}  {loggers.Tail(change.ResourceId, 1).Select(Text).FirstOrDefault()}";
        return state == KnownResourceStates.Starting ? null : state;
    }

    private static string Running(CustomResourceSnapshot snapshot)
    {
        var urls = string.Join("  ", snapshot.Urls.Where(u => !u.IsInternal).Select(u => u.Url));
        if (snapshot.HealthReports.FirstOrDefault(r => r.Status is not (null or HealthStatus.Healthy)) is { } failed && snapshot.ResourceReadyEvent is not null)
            return $"{failed.Status}  {failed.Description}";
        return $"{(snapshot.HealthReports.Length > 0 && snapshot.HealthStatus == HealthStatus.Healthy ? "Healthy" : KnownResourceStates.Running)}  {urls}".TrimEnd();
    }

    private async Task WriteLogAsync(string resourceId)
    {
        foreach (var line in loggers.Tail(resourceId, LogLines))
            await Console.Out.WriteLineAsync($"{new string(' ', _width)}| {Text(line)}");
    }

    // Without the time: these lines are from just now.
    private static string Text(LogLine line) => line.Content[(line.Content.IndexOf(' ', StringComparison.Ordinal) + 1)..];
}
