using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Bounds how many messages of a consumer are handled at once. While a handler works the server is told so, and does not deliver its message again; a
/// handler that does not end loses its slot, and its message is delivered again.
/// </summary>
internal sealed partial class HandlerSlots : IDisposable
{
    private readonly MessageProcessor processor;
    private readonly int count;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly SemaphoreSlim free;
    private readonly ITimer heartbeat;

    /// <summary>Messages that are being handled, and since when.</summary>
    private readonly ConcurrentDictionary<INatsJSMsg<byte[]>, long> inFlight = new(ReferenceEqualityComparer.Instance);

    /// <summary>Cancelled when the shutdown timeout is over: what is still in flight is then given up and delivered again.</summary>
    private readonly CancellationTokenSource abandon = new();

    internal HandlerSlots(MessageProcessor processor, JetStreamOptions settings, TimeProvider time, ILogger logger)
    {
        (this.processor, count, this.time, this.logger) = (processor, settings.Concurrency, time, logger);
        LongestHandling = 4 * settings.AckWait;
        free = new(count);
        heartbeat = time.CreateTimer(_ => SendProgress(), null, settings.AckWait / 3, settings.AckWait / 3);
    }

    /// <summary>Everything that a handler calls has a deadline far below this.</summary>
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
            // Not settled: the server delivers it again after AckWait.
            Log.NotSettled(logger, failure, message.Subject, message.Metadata?.Sequence.Stream ?? 0);
        }
        finally
        {
            Free(message);
        }
    }

    /// <summary>Returns when every message is settled, or given up.</summary>
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

    /// <summary>Once for each message: when it was handled, or when that takes too long.</summary>
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
        [LoggerMessage(EventId = 1406, Level = LogLevel.Warning, Message = "Message {Sequence} on {Subject} was not settled; the server delivers it again.")]
        internal static partial void NotSettled(ILogger logger, Exception failure, string subject, ulong sequence);

        [LoggerMessage(EventId = 1407, Level = LogLevel.Debug, Message = "An in-progress acknowledgement on {Subject} could not be sent: {Error}")]
        internal static partial void ProgressFailed(ILogger logger, string subject, string error);

        [LoggerMessage(EventId = 1412, Level = LogLevel.Error, Message = "Message {Sequence} on {Subject} was not handled within {Seconds:0} s; its slot is given to another, and the server delivers it again.")]
        internal static partial void Stalled(ILogger logger, string subject, ulong sequence, double seconds);
    }
}
