using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NATS.Client.JetStream;
using Npgsql;

namespace OrderSystem.Messaging.Operations;

/// <summary>
/// Sends events of the ledger again: the same events under new message ids, so that the stream takes them and their consumer knows which it
/// has had. So many a second, and one re-drive of a service at a time, whatever process it runs in.
/// </summary>
internal sealed partial class Redriver(NpgsqlDataSource database, INatsJSContext jetStream, string stream, TimeProvider time, ILogger<Redriver> logger)
{
    /// <summary>Batches a second: often enough to be even, and seldom enough to be cheap.</summary>
    private const int PerSecond = 4;
    private const int LargestBatch = 1_000;

    /// <returns>Null when another one is under way.</returns>
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
            var size = Math.Min(Math.Clamp((int)(request.Rate / PerSecond), 1, LargestBatch), request.Limit - taken);
            var batch = await session.QueueAsync(size, request.Asked, $"{by}", Activity.Current?.TraceId.ToHexString(), cancellationToken);
            taken += batch.Taken;
            redriven += batch.Queued;
            if (batch.Taken < size || taken >= found)
                break;
            await Task.Delay(TimeSpan.FromSeconds(size / request.Rate), time, cancellationToken);
        }

        Log.Redriven(logger, redriven, stream, request.Asked, by);
        return new(DryRun: false, found, redriven, taken < found ? $"the limit of {request.Limit} was reached, {found - taken} events are left" : null);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1501, Level = LogLevel.Information, Message = "{Count} events are sent to {Stream} again ({Asked}) by {Operator}.")]
        internal static partial void Redriven(ILogger logger, int count, string stream, string asked, Operator @operator);
    }
}
