using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Keeps what each resource logs, the last 10,000 lines of each, and hands it to who watches.</summary>
public class ResourceLoggerService : IDisposable
{
    private readonly ConcurrentDictionary<string, ResourceLog> _logs = new(StringComparer.OrdinalIgnoreCase);

    internal Func<IResource, IReadOnlyList<string>> Instances { get; set; } = resource => [resource.Name];

    internal Action<string, string, bool>? Forward { get; set; }

    /// <summary>A logger that writes into the log of a resource: of all its processes or containers.</summary>
    public ILogger GetLogger(IResource resource) => new ResourceLogger(() => Instances(resource).Select(LogOf));

    /// <summary>A logger that writes into the log of one process, container or resource without either.</summary>
    public ILogger GetLogger(string resourceName) => new ResourceLogger(() => [LogOf(resourceName)]);

    /// <summary>What a resource has logged so far.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(IResource resource) => Instances(resource).Select(GetAllAsync).Merge();

    /// <summary>What a resource has logged, and what it logs from now on.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(IResource resource) => Instances(resource).Select(WatchAsync).Merge();

    /// <summary>What has been logged under a name so far.</summary>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(string resourceName)
    {
        await Task.CompletedTask;
        if (LogOf(resourceName).Lines() is { Count: > 0 } lines)
            yield return lines;
    }

    /// <summary>What has been logged under a name, and what is logged from now on.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(string resourceName) => WatchCoreAsync(resourceName);

    /// <summary>Ends the log of a resource: who watches it gets the rest and the end.</summary>
    public void Complete(IResource resource)
    {
        foreach (var id in Instances(resource))
            Complete(id);
    }

    /// <summary>Ends a log.</summary>
    public void Complete(string name) => LogOf(name).Complete();

    /// <summary>Forgets what has been logged.</summary>
    public void ClearBacklog(string resourceName) => LogOf(resourceName).Clear();

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var log in _logs.Values)
            log.Complete();
        GC.SuppressFinalize(this);
    }

    internal void Append(string resourceId, string text, bool isError) => LogOf(resourceId).Append(text, isError);

    internal IReadOnlyList<LogLine> Tail(string resourceId, int count) => [.. LogOf(resourceId).Lines().TakeLast(count)];

    private async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchCoreAsync(string resourceName, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var lines in LogOf(resourceName).WatchAsync(cancellationToken))
            yield return lines;
    }

    private ResourceLog LogOf(string name) => _logs.GetOrAdd(name, id => new ResourceLog((text, isError) => Forward?.Invoke(id, text, isError)));

    private sealed class ResourceLogger(Func<IEnumerable<ResourceLog>> logs) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var text = formatter(state, exception) + (exception is null ? "" : Environment.NewLine + exception);
            foreach (var log in logs())
                log.Append(text, isError: logLevel >= LogLevel.Error);
        }
    }
}
