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
    internal const string Saturation = "saturation";
    internal const string SlowProvider = "saturation-20ms";
    internal const string Steady = "steady";
    internal const string Backlog = "backlog";
    internal const string Stored = "stored";

    /// <summary>The figures with targets; those that the run did not measure are omitted.</summary>
    internal static IReadOnlyList<Figure> Goals(RunReport run)
    {
        var figures = new List<Figure>();
        foreach (var (name, target) in new[] { (Saturation, 2.0), (SlowProvider, 1.6) })
        {
            if (run.Yardstick is { PerSecond: > 0 } yardstick && Phase(run, name) is { } phase)
            {
                var ratio = phase.SettledPerSecond / yardstick.PerSecond;
                figures.Add(new($"{name}: settled orders/s ÷ yardstick", ratio, "", true) { Target = target });
            }
        }

        if (Phase(run, Saturation) is { CpuPerOrder.Count: > 0 } saturated)
        {
            var cpu = saturated.CpuPerOrder.Where(process => process.Key != LoadGenerator).Sum(process => process.Value);
            figures.Add(new($"{Saturation}: CPU per settled order", cpu, "µs", false) { Target = 400 });
        }

        if (Phase(run, Steady) is { } steady)
        {
            figures.Add(new($"{Steady}: POST p50", steady.Post.P50, "ms", false) { Target = 2 });
            figures.Add(new($"{Steady}: POST p99", steady.Post.P99, "ms", false) { Target = 12 });
            figures.Add(new($"{Steady}: POST to paid p50", steady.PostToPaid.P50, "ms", false) { Target = 10 });
            figures.Add(new($"{Steady}: POST to paid p99", steady.PostToPaid.P99, "ms", false) { Target = 45 });
        }

        if (run.PublishesPerSecond is { } published)
            figures.Add(new("NATS client: publishes with acknowledgement", published, "/s", true) { Target = 100_000 });
        if (run.RelayPick is { } pick)
            figures.Add(new("relay: takes 100 of the events that wait", pick, "ms", false) { Target = 5 });
        if (Phase(run, Stored) is { } stored && Phase(run, Saturation) is { SettledPerSecond: > 0 } empty)
        {
            var ratio = stored.SettledPerSecond / empty.SettledPerSecond;
            figures.Add(new($"{Stored}: settled orders/s ÷ {Saturation}", ratio, "", true) { Target = 0.9 });
        }

        if (Phase(run, Backlog) is { Rate: > 0 } backlog)
        {
            if (Shrinking(backlog) is { } shrinking)
            {
                var ratio = shrinking / backlog.Rate.Value;
                figures.Add(new($"{Backlog}: orders/s by which it shrinks ÷ arriving", ratio, "", true) { Target = 2 });
            }

            if (Phase(run, Steady) is { Post.P99: > 0 } usual)
                figures.Add(new($"{Backlog}: POST p99 ÷ {Steady}", backlog.Post.P99 / usual.Post.P99, "", false) { Target = 2 });
        }

        foreach (var (process, memory) in Phase(run, Saturation)?.Memory.Where(process => Services.Contains(process.Key)) ?? [])
            figures.Add(new($"{Saturation}: memory of {process}", memory.Most, "MB", false) { Target = 200 });
        return figures;
    }

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
