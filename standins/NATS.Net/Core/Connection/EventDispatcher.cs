using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace NATS.Client.Core;

/// <summary>Calls event handlers one after the other, in the order of the events, on none of the connection's own threads of work.</summary>
internal sealed partial class EventDispatcher(ILogger logger)
{
    private readonly Channel<Func<ValueTask>> _calls = Channel.CreateUnbounded<Func<ValueTask>>(new UnboundedChannelOptions { SingleReader = true });
    private int _started;

    public void Raise<TArgs>(AsyncEventHandler<TArgs>? handlers, object sender, TArgs args)
        where TArgs : EventArgs
    {
        if (handlers is null)
            return;
        if (Interlocked.Exchange(ref _started, 1) == 0)
            _ = Task.Run(RunAsync);
        foreach (var handler in Delegate.EnumerateInvocationList(handlers))
            _calls.Writer.TryWrite(() => handler(sender, args));
    }

    public void Complete() => _calls.Writer.TryComplete();

    private async Task RunAsync()
    {
        await foreach (var call in _calls.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                await call().ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A handler of the application must not stop the others.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.HandlerFailed(logger, e);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "An event handler failed")]
        public static partial void HandlerFailed(ILogger logger, Exception exception);
    }
}
