using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The log of one process or container.</summary>
internal sealed class ResourceLog(Action<string, bool> forward)
{
    private const int MaxLines = 10_000;

    private readonly Lock _gate = new();
    private readonly Queue<LogLine> _lines = [];
    private readonly List<Channel<LogLine>> _watchers = [];
    private int _number;

    public void Append(string text, bool isError)
    {
        var time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);
        lock (_gate)
        {
            foreach (var part in text.Split('\n'))
            {
                var line = new LogLine(++_number, $"{time} {part.TrimEnd('\r')}", isError);
                _lines.Enqueue(line);
                if (_lines.Count > MaxLines)
                    _lines.Dequeue();
                foreach (var watcher in _watchers)
                    watcher.Writer.TryWrite(line);
            }
        }

        forward(text, isError);
    }

    public IReadOnlyList<LogLine> Lines()
    {
        lock (_gate)
            return [.. _lines];
    }

    public void Clear()
    {
        lock (_gate)
            _lines.Clear();
    }

    public void Complete()
    {
        lock (_gate)
        {
            foreach (var watcher in _watchers)
                watcher.Writer.TryComplete();
        }
    }

    public async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A watcher that does not read loses the oldest lines instead of holding all of them.
        var channel = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(MaxLines) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            foreach (var line in _lines)
                channel.Writer.TryWrite(line);
            _watchers.Add(channel);
        }

        try
        {
            while (await channel.Reader.WaitToReadAsync(cancellationToken))
            {
                var batch = new List<LogLine>();
                while (batch.Count < 1000 && channel.Reader.TryRead(out var line))
                    batch.Add(line);
                yield return batch;
            }
        }
        finally
        {
            lock (_gate)
                _watchers.Remove(channel);
        }
    }
}

internal static class AsyncEnumerableMerge
{
    public static async IAsyncEnumerable<T> Merge<T>(this IEnumerable<IAsyncEnumerable<T>> sources, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateUnbounded<T>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var all = Task.WhenAll(sources.Select(source => PumpAsync(source, stop.Token)));
        var completion = all.ContinueWith(t => channel.Writer.TryComplete(t.Exception), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            await foreach (var item in channel.Reader.ReadAllAsync(cancellationToken))
                yield return item;
        }
        finally
        {
            await stop.CancelAsync();
            await completion;
        }

        async Task PumpAsync(IAsyncEnumerable<T> source, CancellationToken token)
        {
            await foreach (var item in source.WithCancellation(token))
                await channel.Writer.WriteAsync(item, token);
        }
    }
}
