using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Bounds the concurrency of a consumer. While a handler runs, in-progress acknowledgements keep the server from redelivering its message.
/// A handler that does not end loses its slot, and its message is redelivered.
/// </summary>
internal sealed partial class HandlerSlots : IDisposable
{
    private readonly MessageProcessor processor;
    private readonly int count;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly SemaphoreSlim free;
    private readonly ITimer heartbeat;

    /// <summary>Messages in flight, and since when.</summary>
    private readonly ConcurrentDictionary<INatsJSMsg<byte[]>, long> inFlight = new(ReferenceEqualityComparer.Instance);

    /// <summary>Cancelled when the shutdown timeout has elapsed: messages in flight are then abandoned and redelivered.</summary>
    private readonly CancellationTokenSource abandon = new();

    internal HandlerSlots(MessageProcessor processor, JetStreamOptions settings, TimeProvider time, ILogger logger)
    {
        (this.processor, count, this.time, this.logger) = (processor, settings.Concurrency, time, logger);
        LongestHandling = 4 * settings.AckWait;
        free = new(count);
        heartbeat = time.CreateTimer(_ => SendProgress(), null, settings.AckWait / 3, settings.AckWait / 3);
    }

    /// <summary>Longer than all deadlines of a handler's calls together.</summary>
    internal TimeSpan LongestHandling { get; }

    internal int Busy => inFlight.Count;

    /// <summary>Waits until a slot is free, and takes it for one call of <see cref="HandleAsync"/>.</summary>
    internal Task TakeAsync(CancellationToken cancellationToken) => free.WaitAsync(cancellationToken);

    /// <summary>Handles the message and frees the slot that was taken for it.</summary>
    internal async Task HandleAsync(INatsJSMsg<byte[]> message, DateTimeOffset arrived)
    {
        inFlight.TryAdd(message, time.GetTimestamp());
        try
        {
            await processor.ProcessAsync(message, arrived, abandon.Token);
        }
        catch (Exception failure)
        {
            // Not settled: the server redelivers it after AckWait.
            Log.NotSettled(logger, failure, message.Subject, message.Metadata?.Sequence.Stream ?? 0);
        }
        finally
        {
            Free(message);
        }
    }

    /// <summary>Returns when every message is settled or abandoned.</summary>
    internal async Task DrainAsync()
    {
        for (var i = 0; i < count; i++)
            await free.WaitAsync(abandon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    internal void Abandon() => abandon.Cancel();

    public void Dispose()
    {
        heartbeat.Dispose();
        free.Dispose();
        abandon.Dispose();
    }

    /// <summary>Once for each message: when it was handled, or when it has timed out.</summary>
    /// <returns>False when its slot was freed before.</returns>
    private bool Free(INatsJSMsg<byte[]> message)
    {
        if (!inFlight.TryRemove(message, out _))
            return false;
        free.Release();
        return true;
    }

    private void SendProgress()
    {
        foreach (var (message, since) in inFlight)
        {
            if (time.GetElapsedTime(since) < LongestHandling)
                _ = SendAsync(message);
            else if (Free(message))
                Log.Stalled(logger, message.Subject, message.Metadata?.Sequence.Stream ?? 0, LongestHandling.TotalSeconds);
        }

        async Task SendAsync(INatsJSMsg<byte[]> message)
        {
            try
            {
                await message.AckProgressAsync(cancellationToken: abandon.Token);
            }
            catch (Exception failure) when (failure is NatsException or OperationCanceledException)
            {
                Log.ProgressFailed(logger, message.Subject, failure.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1406, Level = LogLevel.Warning,
            Message = "Message {Sequence} on {Subject} was not settled; the server redelivers it.")]
        internal static partial void NotSettled(ILogger logger, Exception failure, string subject, ulong sequence);

        [LoggerMessage(EventId = 1407, Level = LogLevel.Debug, Message = "In-progress acknowledgement on {Subject} not sent: {Error}")]
        internal static partial void ProgressFailed(ILogger logger, string subject, string error);

        [LoggerMessage(EventId = 1412, Level = LogLevel.Error,
            Message = "Handler of message {Sequence} on {Subject} did not end within {Seconds:0} s; freeing its slot, the server "
                + "redelivers the message.")]
        internal static partial void Stalled(ILogger logger, string subject, ulong sequence, double seconds);
    }
}
