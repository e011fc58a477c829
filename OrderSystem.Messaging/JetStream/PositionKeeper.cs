using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Npgsql;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Keeps the position of the service's consumer in its database, and compares it with the server: a recreated consumer continues there
/// instead of being delivered its whole stream again, one that lies beyond its stream is reset, and a stream that has lost messages is
/// reported.
/// </summary>
internal sealed partial class PositionKeeper(
    ConsumerDeclaration consumer, INatsJSContext jetStream, NpgsqlDataSource database, TimeProvider time, ILogger<PositionKeeper> logger)
    : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a stream that seems to have lost messages has to stay so.</summary>
    private static readonly TimeSpan Confirmation = TimeSpan.FromSeconds(1);

    private readonly PositionProbe probe = new(consumer, jetStream.Connection);
    private readonly PositionTable table = new(database, consumer.Name);
    private readonly SemaphoreSlim one = new(1);

    /// <summary>Null when the last attempt failed, so that a stale value is never taken for a current one.</summary>
    private volatile KeptPosition? last;

    /// <summary>Logged last, so that a permanent failure is logged once.</summary>
    private string? notReset;

    /// <summary>Logged last, so that a consumer that stays beyond its stream is logged once.</summary>
    private string? loss;

    /// <summary>1 if the stream was found to have lost messages within the last hour, else 0; null when that is not known.</summary>
    internal long? StreamLost => last is { } known ? known.IsLost ? 1 : 0 : null;

    /// <summary>Compares and keeps the position. A failure is logged: it only makes a later recreation more expensive.</summary>
    internal async Task KeepAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(Timeout);
            await CompareAsync(deadline.Token);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            last = null;
            Log.NotKept(logger, consumer.Name, failure.Message);
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    private async Task CompareAsync(CancellationToken cancellationToken)
    {
        // Read before the server is asked: otherwise what another instance has kept meanwhile would look like a stream that went back.
        var kept = await table.FindAsync(cancellationToken);
        var found = await probe.LookAsync(kept?.Position, cancellationToken);
        if (found?.Lost is not null)
        {
            // In a cluster a new leader may lag for a moment.
            await Task.Delay(Confirmation, time, cancellationToken);
            found = await probe.LookAsync(kept?.Position, cancellationToken);
        }

        if (probe.Refusal is { } refused)
            ReportOnce(refused);
        if (found is null)
            return;

        // Without the same stream nothing is known to be acknowledged.
        var floor = found.IsSame ? kept!.Position.AckFloor : 0;
        var isBehind = found.Position.ConsumerCreated != kept?.Position.ConsumerCreated && found.Position.AckFloor < floor;
        var isReset = (isBehind || found.IsBeyond) && await TryResetAsync(floor, found.IsBeyond, cancellationToken);
        var position = isReset || found.IsBeyond ? found.Position with { AckFloor = floor } : found.Position;

        // The position of a consumer that could not be reset stays, until the consumer has caught up or a later attempt succeeds.
        if (isBehind && !isReset)
            last = kept;
        else if (kept is not null)
            await StoreAsync(kept, position, found.Lost, cancellationToken);
        else if (await table.AddAsync(position, cancellationToken))
            last = new(position, IsLost: false);
    }

    private async Task StoreAsync(KeptPosition kept, ConsumerPosition position, string? lost, CancellationToken cancellationToken)
    {
        var isNews = lost is not null && !string.Equals(lost, loss, StringComparison.Ordinal);
        if (position == kept.Position && lost is null)
            last = kept;
        else if (await table.ReplaceAsync(kept.Position, position, lost is not null, cancellationToken))
            last = new(position, kept.IsLost || lost is not null);
        else
            return;
        if (isNews)
            Log.Lost(logger, consumer.Stream, lost!);
        loss = lost;
    }

    /// <summary>
    /// Has the server continue behind a sequence. Not by a start sequence in the consumer's configuration, which would be an unsafe
    /// difference from the declared one for instances of an older release.
    /// </summary>
    private async Task<bool> TryResetAsync(long floor, bool isBeyond, CancellationToken cancellationToken)
    {
        try
        {
            await jetStream.Connection.ApplyAsync(
                $"CONSUMER.RESET.{consumer.Stream}.{consumer.Name}", new() { ["seq"] = floor + 1 }, cancellationToken);
        }
        catch (NatsException failure)
        {
            ReportOnce(failure.Message);
            return false;
        }

        if (isBeyond)
            Log.WasBeyond(logger, consumer.Name, consumer.Stream, floor);
        else
            Log.Continues(logger, consumer.Name, floor);
        return true;
    }

    private void ReportOnce(string error)
    {
        if (!string.Equals(Interlocked.Exchange(ref notReset, error), error, StringComparison.Ordinal))
            Log.NotReset(logger, consumer.Name, error);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1605, Level = LogLevel.Debug,
            Message = "Position of consumer {Consumer} not kept ({Error}); retrying in the next period.")]
        internal static partial void NotKept(ILogger logger, string consumer, string error);

        [LoggerMessage(EventId = 1606, Level = LogLevel.Error,
            Message = "Stream {Stream} has lost messages: {What}. Run 'redrive --missing' on both services to publish lost events again.")]
        internal static partial void Lost(ILogger logger, string stream, string what);

        [LoggerMessage(EventId = 1607, Level = LogLevel.Warning,
            Message = "Consumer {Consumer} was beyond the end of stream {Stream}; it continues after sequence {Floor}.")]
        internal static partial void WasBeyond(ILogger logger, string consumer, string stream, long floor);

        [LoggerMessage(EventId = 1608, Level = LogLevel.Information,
            Message = "Consumer {Consumer} was recreated; it continues after sequence {Floor}, up to which all was acknowledged before.")]
        internal static partial void Continues(ILogger logger, string consumer, long floor);

        [LoggerMessage(EventId = 1609, Level = LogLevel.Warning,
            Message = "Position of consumer {Consumer} cannot be restored ({Error}): a recreated one is delivered its whole stream again, "
                + "without effect; one beyond its stream waits until it is deleted. Restoring needs NATS 2.14 and its users.conf.")]
        internal static partial void NotReset(ILogger logger, string consumer, string error);
    }
}
