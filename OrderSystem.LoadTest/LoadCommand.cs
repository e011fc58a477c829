using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OrderSystem.LoadTest.Load;
using OrderSystem.LoadTest.Phases;
using OrderSystem.LoadTest.Report;
using OrderSystem.LoadTest.Runs;
using OrderSystem.LoadTest.Self;

namespace OrderSystem.LoadTest;

/// <summary>The command line. Exit codes: 0 success · 1 orders lost or not settled, or the audit disagrees · 2 the run failed.</summary>
internal static class LoadCommand
{
    private static readonly RunOptions Defaults = new();

    private static readonly Option<bool> IsSelf = new("--self")
    {
        Description = "Start the whole system on this machine, measure it and the yardstick, and print the figures with their targets.",
    };

    private static readonly Option<Uri?> Url = new("--url")
    {
        CustomParser = ReadUrl,
        Description = "The order API, such as http://localhost:5080. "
            + $"The variable {PhaseRunner.TokenVariable} holds the bearer token for it.",
    };

    private static readonly Option<double?> Rate = new("--rate")
    {
        Description = "Orders per second (open loop). Without it each connection waits for its response (closed loop); "
            + "--self does both, with 1000 or a third of its saturation.",
    };

    private static readonly Option<int> Connections = Number("--connections", "Maximum of concurrent requests.", Defaults.Connections);
    private static readonly Option<double> Duration = Seconds("--seconds", "How long each phase sends.", Defaults.Duration);
    private static readonly Option<double> WarmUp = Seconds("--warm-up", "Seconds of load before the measurement.", Defaults.WarmUp);
    private static readonly Option<double> Settle =
        Seconds("--settle", "Seconds that the last orders may take to settle.", Defaults.Settle);

    private static readonly Option<double> Cold =
        Seconds("--cold", "Seconds of load, from the start of --self on, that are measured as cold.", Defaults.Cold);

    private static readonly Option<double> YardstickSeconds =
        Seconds("--yardstick", "Seconds of the yardstick, before and after, with --self.", Defaults.Yardstick);

    private static readonly Option<int> Backlog =
        Number("--backlog", "Orders that are pending when the worker of --self restarts after an outage; 0 skips it.", Defaults.Backlog);

    private static readonly Option<int> Stored = Number(
        "--stored",
        "Paid orders that are written into the databases of --self before saturation is measured again, such as 10000000; "
            + "one or two million take a gigabyte.",
        Defaults.Stored);

    private static readonly Option<int> Waiting =
        Number("--waiting", "Events in the outbox while the relay of --self is measured; 0 skips it.", Defaults.Waiting);

    private static readonly Option<string[]> Phase = new Option<string[]>("--phase")
    {
        Description = "Only this phase of --self, and the outage. Repeatable.",
    }.AcceptOnlyFromAmong([.. Figures.Phases]);

    private static readonly Option<bool> NatsSync = new("--nats-sync")
    {
        Description = "Measure saturation of --self also with a nats-server that syncs each message to disk (sync_interval: always).",
    };

    private static readonly Option<bool> Allocations = new("--allocations")
    {
        Description = "Measure the allocations of the services of --self per order. Collecting their metrics costs some CPU.",
    };

    private static readonly Option<BodyMix> Mix = new("--mix")
    {
        Description = "Lines per order, with weights: 1:45,3:50,50:5.",
        DefaultValueFactory = _ => Defaults.Mix,
        CustomParser = ReadMix,
    };

    private static readonly Option<string?> Database = new("--database")
    {
        Description = "Connection string of the orders' database, to count the backlog there instead of in a page of the API.",
    };

    private static readonly Option<string[]> Watch = new("--watch")
    {
        Description = "NAME=PID of a local process, to measure its CPU and memory. Repeatable.",
    };

    private static readonly Option<string[]> Set = new("--set")
    {
        Description = "NAME=VALUE for the services of --self, such as JetStream__Concurrency=64. Repeatable.",
    };

    private static readonly Option<string> Data = new("--data")
    {
        Description = "Folder of the servers' data with --self; its disk is part of the measurement.",
        DefaultValueFactory = _ => Defaults.Data,
    };

    private static readonly Option<string> Output = new("--output")
    {
        Description = "Folder of the report as JSON.",
        DefaultValueFactory = _ => Defaults.Output,
    };

    internal static RootCommand Create(TimeProvider time)
    {
        var root = new RootCommand("Places orders, measures how fast they are accepted and paid, and checks the final status of each.")
        {
            IsSelf, Url, Rate, Connections, Duration, Cold, WarmUp, Settle, YardstickSeconds, Backlog, Stored, Waiting, Phase, NatsSync,
            Allocations, Mix, Database, Watch, Set, Data, Output, CompareCommand.Create(), CapacityCommand.Create(),
        };
        root.Validators.Add(result =>
        {
            if (result.GetValue(IsSelf) == (result.GetValue(Url) is not null))
                result.AddError("Set either --self or --url.");
        });
        Rate.Validators.Add(result => RefuseUnless(result.GetValueOrDefault<double?>() is null or > 0, result));
        foreach (var count in new[] { Backlog, Stored, Waiting })
        {
            count.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() < 0)
                    result.AddError($"{result.Option.Name} must not be less than 0.");
            });
        }

        Connections.Validators.Add(result => RefuseUnless(result.GetValueOrDefault<int>() > 0, result));
        Duration.Validators.Add(result => RefuseUnless(result.GetValueOrDefault<double>() > 0, result));
        root.SetAction((arguments, cancellationToken) => RunAsync(Read(arguments), time, cancellationToken));
        return root;
    }

    private static void RefuseUnless(bool isPositive, OptionResult option)
    {
        if (!isPositive)
            option.AddError($"{option.Option.Name} must be greater than 0.");
    }

    private static async Task<int> RunAsync(RunOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Machine.Configuration != "Release")
            await Console.Error.WriteLineAsync("This is a Debug build: its figures are meaningless. Use dotnet run -c Release.");
        var run = await (options.Url is { } url
            ? UrlRun.RunAsync(url, options, time, cancellationToken)
            : SelfRun.RunAsync(options, time, cancellationToken));
        await Console.Out.WriteAsync(TextReport.Write(run));
        await ReportFiles.WriteAsync(run, options.Output);
        return run.Audit == "disagrees" || run.Phases.Any(phase => phase.Settled < phase.Accepted) ? 1 : 0;
    }

    private static RunOptions Read(ParseResult arguments) => new()
    {
        Url = arguments.GetValue(Url),
        Token = Environment.GetEnvironmentVariable(PhaseRunner.TokenVariable)?.Trim() is { Length: > 0 } token ? token : null,
        Rate = arguments.GetValue(Rate),
        Connections = arguments.GetValue(Connections),
        Duration = TimeSpan.FromSeconds(arguments.GetValue(Duration)),
        Cold = TimeSpan.FromSeconds(arguments.GetValue(Cold)),
        WarmUp = TimeSpan.FromSeconds(arguments.GetValue(WarmUp)),
        Settle = TimeSpan.FromSeconds(arguments.GetValue(Settle)),
        Yardstick = TimeSpan.FromSeconds(arguments.GetValue(YardstickSeconds)),
        Backlog = arguments.GetValue(Backlog),
        Stored = arguments.GetValue(Stored),
        Waiting = arguments.GetValue(Waiting),
        Phases = arguments.GetValue(Phase) ?? [],
        NatsSync = arguments.GetValue(NatsSync),
        Allocations = arguments.GetValue(Allocations),
        Mix = arguments.GetValue(Mix)!,
        Database = arguments.GetValue(Database),
        Watched = Pairs("--watch", arguments.GetValue(Watch)).ToDictionary(
            pair => pair.Key,
            pair => int.TryParse(pair.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                ? id
                : throw new LoadTestException($"--watch {pair.Key}={pair.Value}: a process id is a number."),
            StringComparer.Ordinal),
        Settings = Pairs("--set", arguments.GetValue(Set)).ToDictionary(StringComparer.Ordinal),
        Data = Path.GetFullPath(arguments.GetValue(Data)!),
        Output = arguments.GetValue(Output)!,
    };

    private static IEnumerable<KeyValuePair<string, string>> Pairs(string option, string[]? values) =>
        (values ?? []).Select(value => value.Split('=', 2) is [var name, var text]
            ? new KeyValuePair<string, string>(name, text)
            : throw new LoadTestException($"{option} {value}: write NAME=VALUE."));

    private static Option<double> Seconds(string name, string description, TimeSpan value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value.TotalSeconds };

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static Uri? ReadUrl(ArgumentResult argument)
    {
        if (Uri.TryCreate(argument.Tokens[0].Value, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps))
            return url;
        argument.AddError("--url must be an absolute http or https address, such as http://localhost:5080.");
        return null;
    }

    private static BodyMix? ReadMix(ArgumentResult argument)
    {
        if (BodyMix.TryParse(argument.Tokens[0].Value, out var mix))
            return mix;
        argument.AddError("--mix must be numbers of lines from 1 to 200, with weights if there are several: 1:45,3:50,50:5.");
        return null;
    }
}
