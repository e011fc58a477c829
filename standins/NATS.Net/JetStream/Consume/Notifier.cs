using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace NATS.Client.JetStream;

/// <summary>Calls the notification handler of a pull, one notification after the other, off the read loop.</summary>
internal sealed partial class Notifier : IDisposable
{
    private readonly Channel<INatsJSNotification>? _queue;
    private readonly CancellationTokenSource _stopping = new();

    public Notifier(Func<INatsJSNotification, CancellationToken, Task>? handler, ILogger logger)
    {
        if (handler is null)
            return;
        _queue = Channel.CreateBounded<INatsJSNotification>(new BoundedChannelOptions(64) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        _ = Task.Run(() => RunAsync(_queue.Reader, handler, logger, _stopping.Token), CancellationToken.None);
    }

    public void Notify(INatsJSNotification? notification)
    {
        if (notification is not null)
            _queue?.Writer.TryWrite(notification);
    }

    public void Dispose()
    {
        _queue?.Writer.TryComplete();
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private static async Task RunAsync(
        ChannelReader<INatsJSNotification> queue, Func<INatsJSNotification, CancellationToken, Task> handler, ILogger logger, CancellationToken cancellationToken)
    {
        await foreach (var notification in queue.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                await handler(notification, cancellationToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A handler of the application must not end the pull.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.HandlerFailed(logger, e, notification.Name);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The handler of the notification '{Name}' failed")]
        public static partial void HandlerFailed(ILogger logger, Exception exception, string name);
    }
}
