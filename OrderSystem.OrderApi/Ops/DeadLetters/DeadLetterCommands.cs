using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using OrderSystem.Messaging.Operations;

namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary><c>dead-letters list | show | replay | discard</c>.</summary>
internal static class DeadLetterCommands
{
    private static readonly Argument<ulong> Sequence = new("sequence") { Description = "Number of the dead letter, as list shows it." };
    private static readonly Argument<ulong?> MaybeSequence = new("sequence")
    {
        Description = "Number of one dead letter; without it the options select the letters.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Stream = new("--stream") { Description = "Only letters of this stream." };
    private static readonly Option<string?> Consumer = new("--consumer") { Description = "Only letters of this consumer." };
    private static readonly Option<string?> Type = new("--type") { Description = "Only events of this type, such as orders.created.v1." };
    private static readonly Option<Guid?> Order = new("--order") { Description = "Only letters about this order." };
    private static readonly Option<DateTimeOffset?> Since = new("--since") { Description = "Only letters since this time." };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Maximum number of letters to list.",
        DefaultValueFactory = _ => DeadLettersApi.DefaultLimit,
    };

    private static readonly Option<ulong> Cursor = new("--cursor")
    {
        Description = "Number to begin with, as printed after the previous page.",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<int> ReplayLimit = new("--limit")
    {
        Description = "Maximum number of letters to replay.",
        DefaultValueFactory = _ => ReplayOptions.DefaultLimit,
    };

    private static readonly Option<bool> All = new("--all") { Description = "Replay every letter." };
    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "List the letters that would be replayed, without replaying them.",
    };

    private static readonly Option<double> Rate = new("--rate")
    {
        Description = "Letters per second.",
        DefaultValueFactory = _ => ReplayOptions.DefaultRate,
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    internal static Command Create(IConfiguration configuration, string database)
    {
        var list = new Command("list", "Lists dead letters, the oldest first.")
        {
            Stream, Consumer, Type, Order, Since, Limit, Cursor, Json,
        };
        On(list, (tools, arguments, token) => ListAsync(tools, arguments, token));
        var show = new Command("show", "Shows a dead letter with its headers, its body and the operator actions on it.") { Sequence };
        On(show, (tools, arguments, token) => ShowAsync(tools, arguments.GetValue(Sequence), token));
        var replay = new Command("replay", "Replays dead letters to their original subjects; stops when one becomes a dead letter again.")
        {
            MaybeSequence, Stream, Consumer, Type, Order, Since, All, DryRun, Rate, ReplayLimit, Json,
        };
        On(replay, (tools, arguments, token) => ReplayAsync(tools, arguments, token));
        var discard = new Command("discard", "Deletes a dead letter. Its reason and ids stay on record, its body is lost.") { Sequence };
        On(discard, (tools, arguments, token) => DiscardAsync(tools, arguments.GetValue(Sequence), token));
        return new Command("dead-letters", "Lists, shows, replays and discards dead letters.") { list, show, replay, discard };

        void On(Command command, Func<Tools, ParseResult, CancellationToken, Task<int>> action) => command.SetAction((arguments, token) =>
            OpsConnections.RunAsync(configuration, database, connections => action(new(connections), arguments, token)));
    }

    private static async Task<int> ListAsync(Tools tools, ParseResult arguments, CancellationToken token)
    {
        var size = arguments.GetValue(Limit);
        if (size is < 1 or > DeadLettersApi.MaxLimit)
            throw new OpsException($"--limit must be between 1 and {DeadLettersApi.MaxLimit}.");
        var page = await DeadLettersApi.ReadPageAsync(tools.Letters, Filter(arguments), arguments.GetValue(Cursor), size, token);
        if (arguments.GetValue(Json))
        {
            await Output.JsonAsync(page, DeadLettersJson.Default);
            return OpsExitCode.Done;
        }

        await Output.TableAsync(
            ["NUMBER", "SINCE", "CONSUMER", "TYPE", "ORDER", "DELIVERIES", "REASON"],
            page.Items.Select(letter => new[]
            {
                $"{letter.Sequence}", Output.Text(letter.At), letter.Consumer, letter.Type ?? "-",
                letter.OrderId?.ToString() ?? "-", $"{letter.Deliveries}", letter.Reason,
            }));
        if (page.NextCursor is { } next)
            await Console.Error.WriteLineAsync($"Next page: --cursor {next}.");
        return OpsExitCode.Done;
    }

    private static async Task<int> ShowAsync(Tools tools, ulong sequence, CancellationToken token)
    {
        if (await tools.Letters.FindAsync(sequence, token) is not { } letter)
            return await NoneAsync(sequence);
        await Output.JsonAsync(letter.InFull(await tools.Actions.OfLetterAsync(sequence, token)), DeadLettersJson.Default);
        return OpsExitCode.Done;
    }

    private static async Task<int> ReplayAsync(Tools tools, ParseResult arguments, CancellationToken token)
    {
        ReplayReport report;
        if (arguments.GetValue(MaybeSequence) is { } sequence)
        {
            if (await tools.Letters.FindAsync(sequence, token) is not { } letter)
                return await NoneAsync(sequence);
            report = await tools.Replay.RunAsync(letter, arguments.GetValue(DryRun), Operator.OfThisProcess, token);
        }
        else
        {
            var (stream, consumer, type, order, since) = Filter(arguments);
            var request = new ReplayRequest(
                stream, consumer, type, order, since, arguments.GetValue(All), arguments.GetValue(DryRun), arguments.GetValue(Rate),
                arguments.GetValue(ReplayLimit));
            if (request.Validate() is { Count: > 0 } errors)
                throw new OpsException(string.Join(' ', errors.Select(error => $"--{error.Key} {error.Value[0]}.")));
            report = await tools.Replay.RunAsync(request.Filter, request.Options, Operator.OfThisProcess, token);
        }

        await PrintAsync(report, arguments.GetValue(Json));
        return report.Stopped is null ? OpsExitCode.Done : OpsExitCode.No;
    }

    private static async Task PrintAsync(ReplayReport report, bool asJson)
    {
        if (asJson)
        {
            await Output.JsonAsync(report, DeadLettersJson.Default);
            return;
        }

        await Console.Out.WriteLineAsync(report.DryRun
            ? $"{report.Letters.Count} letters would be replayed: {string.Join(' ', report.Letters)}"
            : $"{report.Replayed} letters were replayed: {report.FailedAgain.Count} became dead letters again, "
                + $"{report.Undecided} are not yet processed.");
        foreach (var failed in report.FailedAgain)
            await Console.Out.WriteLineAsync($"Dead letter {failed.Letter} failed again as {failed.NewLetter}: {failed.Reason}");
        if (report.Stopped is { } why)
            await Console.Error.WriteLineAsync($"Stopped: {why}.");
    }

    private static async Task<int> DiscardAsync(Tools tools, ulong sequence, CancellationToken token)
    {
        if (!await DiscardDeadLetter.DiscardAsync(tools.Letters, tools.Actions, sequence, Operator.OfThisProcess, token))
            return await NoneAsync(sequence);
        await Console.Out.WriteLineAsync($"Dead letter {sequence} is deleted.");
        return OpsExitCode.Done;
    }

    private static async Task<int> NoneAsync(ulong sequence)
    {
        await Console.Error.WriteLineAsync($"There is no dead letter {sequence}; list shows those that are left.");
        return OpsExitCode.No;
    }

    private static DeadLetterFilter Filter(ParseResult arguments) => new(
        arguments.GetValue(Stream), arguments.GetValue(Consumer),
        arguments.GetValue(Type), arguments.GetValue(Order), arguments.GetValue(Since));

    private sealed class Tools(OpsConnections connections)
    {
        internal DeadLetterStream Letters { get; } = new(connections.JetStream, connections.JetStream);

        internal DeadLetterActions Actions { get; } = new(connections.Database, TimeProvider.System);

        internal DeadLetterReplay Replay => new(Letters, Actions, TimeProvider.System, NullLogger<DeadLetterReplay>.Instance);
    }
}
