using System.Text;

namespace OrderSystem.LoadTest.Report;

/// <summary>The tables that are printed at the end of a run.</summary>
internal static class TextReport
{
    internal static string Write(RunReport run)
    {
        var text = new StringBuilder();
        if (run.Yardstick is { } yardstick)
        {
            text.AppendLine($"\nyardstick ({yardstick.Tool}, {yardstick.Clients} clients): "
                + $"{TextTable.Number(yardstick.Before, "/s")} before, {TextTable.Number(yardstick.After, "/s")} after, "
                + $"{TextTable.Number(yardstick.CpuPerOrder, "µs")} of CPU an order; one commit: "
                + TextTable.Number(yardstick.CommitMilliseconds, "ms"));
        }

        text.AppendLine().Append(TextTable.Format(
            ["PHASE", "ACCEPTED", "SETTLED", "ERRORS", "POST p50", "p99", "p99.9", "TO PAID p50", "p99", "p99.9"],
            run.Phases.Select(phase => new[]
            {
                phase.Name, TextTable.Number(phase.AcceptedPerSecond, "/s"), TextTable.Number(phase.SettledPerSecond, "/s"),
                $"{phase.Errors.Values.Sum()}",
                Milliseconds(phase.Post.P50), Milliseconds(phase.Post.P99), Milliseconds(phase.Post.P999),
                Milliseconds(phase.PostToPaid.P50), Milliseconds(phase.PostToPaid.P99), Milliseconds(phase.PostToPaid.P999),
            })));
        foreach (var (error, count) in run.Phases.SelectMany(phase => phase.Errors))
            text.AppendLine($"  {error}: {count}");
        var processes = run.Phases.SelectMany(phase => phase.CpuPerOrder.Keys).Distinct(StringComparer.Ordinal).ToArray();
        if (processes.Length > 0)
        {
            text.AppendLine().Append(TextTable.Format(
                ["CPU PER ORDER, µs", .. processes],
                run.Phases.Select(phase => (string[])[phase.Name, .. processes.Select(process => Cpu(phase, process))])));
            text.AppendLine().Append(TextTable.Format(
                ["MEMORY, MB: first → last fifth", .. processes],
                run.Phases.Select(phase => (string[])[phase.Name, .. processes.Select(process => Memory(phase, process))])));
        }

        foreach (var phase in run.Phases)
        {
            if (phase.Telemetry is { } telemetry)
            {
                text.AppendLine($"{phase.Name}: exported per order {TextTable.Number(telemetry.Spans, "spans")}, "
                    + TextTable.Number(telemetry.Kilobytes, "kB"));
            }
        }

        foreach (var phase in run.Phases.Where(phase => phase.AllocatedPerOrder.Count > 0))
        {
            var allocated = phase.AllocatedPerOrder.Select(process => $"{process.Key} {TextTable.Number(process.Value, "kB")}");
            text.AppendLine($"\n{phase.Name}: allocated per order {string.Join(", ", allocated)}");
        }

        if (Figures.Goals(run) is { Count: > 0 } goals)
        {
            text.AppendLine().Append(TextTable.Format(
                ["FIGURE", "MEASURED", "TARGET", ""],
                goals.Select(goal => new[] { goal.Name, TextTable.Number(goal.Value, goal.Unit), Target(goal), Verdict(goal) })));
        }

        foreach (var phase in run.Phases.Where(phase => phase.Settled < phase.Accepted))
            text.AppendLine($"\n{phase.Name}: {phase.Accepted - phase.Settled} accepted orders reached no final status in time.");
        text.AppendLine($"\naudit: {run.Audit}");
        foreach (var finding in run.AuditFindings)
            text.AppendLine($"  {finding}");
        return text.ToString();
    }

    private static string Cpu(PhaseReport phase, string process) => TextTable.Number(phase.CpuPerOrder.GetValueOrDefault(process), "");

    private static string Memory(PhaseReport phase, string process) =>
        phase.Memory.TryGetValue(process, out var memory) ? $"{memory.First:0} → {memory.Last:0}" : "-";

    private static string Target(Figure goal) =>
        $"{(goal.MoreIsBetter == true ? "≥" : "≤")} {TextTable.Number(goal.Target!.Value, goal.Unit)}";

    private static string Verdict(Figure goal) => goal.IsReached == true ? "reached" : "missed";

    private static string Milliseconds(double value) => TextTable.Number(value, "ms");
}
