using System.ComponentModel;
using OrderSystem.Messaging.Connections;
using OrderSystem.Messaging.Operations;

namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary>Options of a replay.</summary>
internal sealed record ReplayOptions(bool DryRun, double Rate, int Limit)
{
    internal const double DefaultRate = 20;
    internal const int DefaultLimit = 1_000;
    internal const int MaxLimit = 100_000;
    internal const double MaxRate = 1_000;

    internal static ReplayOptions One(bool dryRun) => new(dryRun, DefaultRate, Limit: 1);
}

/// <summary>The result of a replay.</summary>
internal sealed record ReplayReport(
    bool DryRun,
    [property: Description("The selected letters.")] IReadOnlyList<ulong> Letters,
    [property: Description("How many of them were replayed.")] int Replayed,
    [property: Description("Letters that became dead letters again.")] IReadOnlyList<FailedReplay> FailedAgain,
    [property: Description("Letters that were replayed and not yet processed when the report was made.")] int Undecided,
    [property: Description("Why the replay stopped early; absent when it was completed.")] string? Stopped);

/// <summary>A letter that became a dead letter again.</summary>
internal sealed record FailedReplay(ulong Letter, ulong NewLetter, string Reason);

/// <summary>
/// Replays dead letters at a limited rate, and stops when one becomes a dead letter again: the next would probably fail for the same cause.
/// Therefore it also waits for the outcome of the first before it replays more.
/// </summary>
internal sealed partial class DeadLetterReplay(
    DeadLetterStream stream, DeadLetterActions actions, TimeProvider time, ILogger<DeadLetterReplay> logger)
{
    private const int PageSize = 100;

    internal async Task<ReplayReport> RunAsync(
        DeadLetterFilter filter, ReplayOptions options, Operator by, CancellationToken cancellationToken)
    {
        var last = await stream.LastSequenceAsync(cancellationToken);
        var run = new ReplayRun(stream, time, last);
        for (ulong from = 1; run.Letters.Count < options.Limit && run.Stopped is null;)
        {
            // Page by page, so that the consumer that reads the letters does not wait at the pace of the replay.
            var page = await stream.ReadAsync(filter, from, cancellationToken)
                .TakeWhile(letter => letter.Sequence <= last)
                .Take(Math.Min(PageSize, options.Limit - run.Letters.Count))
                .ToListAsync(cancellationToken);
            if (page.Count == 0)
                break;
            await ReplayAsync(page, run, options, by, cancellationToken);
            from = page[^1].Sequence + 1;
        }

        await run.SettleAsync(cancellationToken);
        return run.Report(options.DryRun);
    }

    internal async Task<ReplayReport> RunAsync(DeadLetter letter, bool dryRun, Operator by, CancellationToken cancellationToken)
    {
        var run = new ReplayRun(stream, time, await stream.LastSequenceAsync(cancellationToken));
        await ReplayAsync([letter], run, ReplayOptions.One(dryRun), by, cancellationToken);
        return run.Report(dryRun);
    }

    private async Task ReplayAsync(
        List<DeadLetter> letters, ReplayRun run, ReplayOptions options, Operator by, CancellationToken cancellationToken)
    {
        foreach (var letter in letters)
        {
            run.Letters.Add(letter.Sequence);
            if (options.DryRun)
                continue;
            if (run.Replayed > 0)
                await Task.Delay(TimeSpan.FromSeconds(1 / options.Rate), time, cancellationToken);

            // Publish, record, delete: a failure in between loses nothing. At worst the letter stays, and its consumer deduplicates a
            // second replay.
            ulong sequence;
            try
            {
                sequence = await stream.PublishAgainAsync(letter, cancellationToken);
            }
            catch (NatsRefusedException refused)
            {
                run.Stop(
                    $"{refused.Message}, which belongs to another service; replay it on the command line as user ops, "
                    + "or set ConnectionStrings__natsOps");
                return;
            }

            await actions.RecordAsync(
                letter, DeadLetterActions.Replay, by, $"published as {letter.Stream} {sequence}", CancellationToken.None);
            await stream.DeleteAsync(letter.Sequence, CancellationToken.None);
            Log.Replayed(logger, letter.Sequence, letter.Stream, sequence, by);

            await run.AddAsync(letter, sequence, cancellationToken);
            if (run.Stopped is not null)
                return;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 2301, Level = LogLevel.Information,
            Message = "Dead letter {Letter} replayed as {Stream} {Sequence} by {Operator}; its consumer receives it again.")]
        internal static partial void Replayed(ILogger logger, ulong letter, string stream, ulong sequence, Operator @operator);
    }
}
