namespace OrderSystem.LoadTest.Report;

/// <summary>One number of a run, to judge and compare it by. <c>MoreIsBetter</c> is null if neither direction is better.</summary>
internal sealed record Figure(string Name, double Value, string Unit, bool? MoreIsBetter)
{
    internal double? Target { get; init; }

    internal bool? IsReached => Target is { } target && MoreIsBetter is { } more ? (more ? Value >= target : Value <= target) : null;
}

/// <summary>The figures of a run.</summary>
internal static class Figures
{
    internal const string Cold = "cold";
    internal const string Saturation = "saturation";
    internal const string SlowProvider = "saturation-20ms";
    internal const string Steady = "steady";
    internal const string Unobserved = "saturation-unobserved";
    internal const string Synced = "saturation-nats-sync";
    internal const string Webhooks = "steady-webhooks";
    internal const string Backlog = "backlog";
    internal const string Stored = "stored";

    /// <summary>The phases that can be chosen.</summary>
    internal static readonly string[] Phases = [Cold, Saturation, SlowProvider, Steady, Unobserved, Synced, Webhooks];

    /// <summary>The figures with targets; those that the run did not measure are omitted.</summary>
    internal static IReadOnlyList<Figure> Goals(RunReport run)
    {
        var figures = new List<Figure>();
        var (saturation, steady) = (Phase(run, Saturation), Phase(run, Steady));
        if (run.Yardstick is { PerSecond: > 0 } yardstick)
        {
            AddRatio($"{Saturation}: settled orders/s ÷ yardstick", saturation?.SettledPerSecond, yardstick.PerSecond, true, 2.5);
            AddRatio(
                $"{SlowProvider}: settled orders/s ÷ yardstick",
                Phase(run, SlowProvider)?.SettledPerSecond, yardstick.PerSecond, true, 2.2);
            AddRatio($"{Saturation}: CPU per settled order ÷ yardstick", Cpu(saturation), yardstick.CpuPerOrder, false, 0.6);
            AddRatio($"{Steady}: POST p50 ÷ one commit", steady?.Post.P50, yardstick.CommitMilliseconds, false, 4);
            AddRatio($"{Steady}: POST p99 ÷ one commit", steady?.Post.P99, yardstick.CommitMilliseconds, false, 20);
            AddRatio($"{Steady}: POST to paid p50 ÷ one commit", steady?.PostToPaid.P50, yardstick.CommitMilliseconds, false, 12);
            AddRatio($"{Steady}: POST to paid p99 ÷ one commit", steady?.PostToPaid.P99, yardstick.CommitMilliseconds, false, 60);
        }

        if (Cpu(Phase(run, Unobserved)) is { } unobserved && Cpu(saturation) is > 0 and var observed)
            figures.Add(new($"{Saturation}: telemetry's share of the CPU", 1 - (unobserved / observed), "", false) { Target = 0.1 });
        var warm = saturation?.SettledPerSecond;
        AddRatio($"{Synced}: settled orders/s ÷ {Saturation}", Phase(run, Synced)?.SettledPerSecond, warm, true, 0.7);
        AddRatio($"{Cold}: settled orders/s ÷ {Saturation}", Phase(run, Cold)?.SettledPerSecond, warm, true, 0.6);
        AddRatio($"{Webhooks}: POST p50 ÷ {Steady}", Phase(run, Webhooks)?.Post.P50, steady?.Post.P50, false, 1.1);
        if (Phase(run, Backlog) is { Rate: { } arriving } backlog)
        {
            AddRatio($"{Backlog}: orders/s settled ÷ arriving", Shrinking(backlog) + arriving, arriving, true, 3);
            AddRatio($"{Backlog}: POST p99 ÷ {Steady}", backlog.Post.P99, steady?.Post.P99, false, 2);
        }

        foreach (var (process, memory) in saturation?.Memory.Where(process => Services.Contains(process.Key)) ?? [])
        {
            figures.Add(new($"{Saturation}: memory of {process}", memory.Most, "MB", false) { Target = 200 });
            if (saturation!.SendingSeconds >= LongPhase)
                AddRatio($"{Saturation}: memory of {process}, last ÷ first fifth", memory.Last, memory.First, false, 1.05);
        }

        AddRatio($"{Stored}: slowest minute's orders/s ÷ {Saturation}", SlowestMinute(Phase(run, Stored)), warm, true, 0.9);
        if (run.PublishesPerSecond is { } published)
            figures.Add(new("NATS client: publishes with acknowledgement", published, "/s", true) { Target = 100_000 });
        if (run.RelayPick is { } pick)
            figures.Add(new("relay: takes 100 of the events that wait", pick, "ms", false) { Target = 5 });
        return figures;

        void AddRatio(string name, double? value, double? of, bool moreIsBetter, double target)
        {
            if (value is { } measured && of is > 0 and var reference)
                figures.Add(new(name, measured / reference, "", moreIsBetter) { Target = target });
        }
    }

    /// <summary>Microseconds of the whole system per settled order; null when they were not measured.</summary>
    private static double? Cpu(PhaseReport? phase) => phase is { CpuPerOrder.Count: > 0 }
        ? phase.CpuPerOrder.Where(process => process.Key != LoadGenerator).Sum(process => process.Value)
        : null;

    /// <summary>Of whole minutes; of a shorter phase, its mean.</summary>
    private static double? SlowestMinute(PhaseReport? phase) => phase?.SettledBySecond.Chunk(60)
        .Where(minute => minute.Length == 60).Select(minute => (double?)minute.Sum() / 60).DefaultIfEmpty(phase.SettledPerSecond).Min();

    /// <summary>All figures that two runs can be compared by.</summary>
    internal static IReadOnlyList<Figure> All(RunReport run) =>
    [
        .. run.Yardstick is { } yardstick
            ? [new Figure("yardstick", yardstick.PerSecond, "/s", MoreIsBetter: null)]
            : Array.Empty<Figure>(),
        .. Goals(run).Where(figure => figure.Unit.Length == 0),
        .. run.Phases.SelectMany(phase => new Figure[]
        {
            new($"{phase.Name}: accepted", phase.AcceptedPerSecond, "/s", true),
            new($"{phase.Name}: settled", phase.SettledPerSecond, "/s", true),
            new($"{phase.Name}: errors", phase.Errors.Values.Sum(), "", false),
            new($"{phase.Name}: POST p50", phase.Post.P50, "ms", false),
            new($"{phase.Name}: POST p99", phase.Post.P99, "ms", false),
            new($"{phase.Name}: POST to paid p50", phase.PostToPaid.P50, "ms", false),
            new($"{phase.Name}: POST to paid p99", phase.PostToPaid.P99, "ms", false),
        }
            .Concat(phase.CpuPerOrder.Select(
                process => new Figure($"{phase.Name}: CPU per order, {process.Key}", process.Value, "µs", false)))
            .Concat(phase.Memory.Select(process => new Figure($"{phase.Name}: memory, {process.Key}", process.Value.Most, "MB", false)))),
    ];

    /// <summary>Its CPU is shown but not part of any sum.</summary>
    internal const string LoadGenerator = "load-generator";

    /// <summary>Seconds after which the memory of a process shows whether it grows.</summary>
    private const double LongPhase = 300;

    internal static readonly string[] Services = ["order-api", "payment-worker", "payment-gateway"];

    /// <summary>The rate at which the backlog shrinks while orders arrive, from its maximum until a twentieth of it is left.</summary>
    private static double? Shrinking(PhaseReport phase)
    {
        var counted = phase.Seconds.Where(second => second.Backlog is not null && second.At <= phase.SendingSeconds).ToArray();
        if (counted.MaxBy(second => second.Backlog) is not { } first)
            return null;
        var later = counted.Where(second => second.At > first.At).ToArray();
        var last = later.FirstOrDefault(second => second.Backlog <= first.Backlog / 20) ?? later.LastOrDefault();
        return last is null ? null : (first.Backlog!.Value - last.Backlog!.Value) / (last.At - first.At);
    }

    private static PhaseReport? Phase(RunReport run, string name) => run.Phases.FirstOrDefault(phase => phase.Name == name);
}
