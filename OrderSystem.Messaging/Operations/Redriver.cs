using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NATS.Client.JetStream;
using Npgsql;

namespace OrderSystem.Messaging.Operations;

/// <summary>
/// Re-drives ledger events: the same event ids under new message ids, so that the stream accepts them and the consumer's inbox deduplicates
/// them. At a limited rate, and one re-drive of a service at a time, in any process.
/// </summary>
internal sealed partial class Redriver(
    NpgsqlDataSource database, INatsJSContext jetStream, string stream, TimeProvider time, ILogger<Redriver> logger)
{
    /// <summary>Batches per second: enough for an even load, few enough to be cheap.</summary>
    private const int BatchesPerSecond = 4;
    private const int MaxBatch = 1_000;

    /// <returns>Null when another re-drive is running.</returns>
    internal async Task<RedriveReport?> RunAsync(RedriveRequest request, Operator by, CancellationToken cancellationToken)
    {
        await using var session = await RedriveSelection.TryBeginAsync(database, cancellationToken);
        if (session is null)
            return null;
        var found = await session.FindAsync(request, jetStream, stream, cancellationToken);
        if (request.DryRun)
            return new(DryRun: true, found, Redriven: 0, Stopped: null);

        var (taken, redriven) = (0, 0);
        while (taken < request.Limit)
        {
            var size = Math.Min(Math.Clamp((int)(request.Rate / BatchesPerSecond), 1, MaxBatch), request.Limit - taken);
            var batch = await session.QueueAsync(size, request.Asked, $"{by}", Activity.Current?.TraceId.ToHexString(), cancellationToken);
            taken += batch.Taken;
            redriven += batch.Queued;
            if (batch.Taken < size || taken >= found)
                break;
            await Task.Delay(TimeSpan.FromSeconds(size / request.Rate), time, cancellationToken);
        }

        Log.Redriven(logger, redriven, stream, request.Asked, by);
        var stopped = taken < found ? $"the limit of {request.Limit} was reached, {found - taken} events are left" : null;
        return new(DryRun: false, found, redriven, stopped);
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1501, Level = LogLevel.Information,
            Message = "Re-drive queued {Count} events for {Stream} ({Asked}) by {Operator}; the relays publish them.")]
        internal static partial void Redriven(ILogger logger, int count, string stream, string asked, Operator @operator);
    }
}
