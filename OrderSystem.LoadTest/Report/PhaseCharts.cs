namespace OrderSystem.LoadTest.Report;

/// <summary>What is drawn of a phase.</summary>
internal static class PhaseCharts
{
    internal static IEnumerable<string> Draw(PhaseReport phase)
    {
        yield return Distribution("Latency of POST, from the intended time", [("POST", phase.Post), ("sent late", phase.Lateness)]);
        yield return Distribution("From POST to paid", [("POST to paid", phase.PostToPaid)]);
        yield return OverTime("Throughput", "orders/s",
        [
            new("accepted", [.. phase.Seconds.Select(second => (second.At, second.AcceptedPerSecond))]),

            // The last second is not a whole one.
            new("settled", [.. phase.SettledBySecond.SkipLast(1).Select((settled, i) => (i + 1.0, (double)settled))]),
        ]);
        yield return OverTime("Latency of POST over time", "ms",
        [
            new("p50", [.. phase.Seconds.Select(second => (second.At, second.PostP50))]),
            new("p99", [.. phase.Seconds.Select(second => (second.At, second.PostP99))]),
        ]);
        yield return OverTime("Backlog", "orders", [new("not settled", [.. phase.Seconds.Where(second => second.Backlog is not null).Select(second => (second.At, (double)second.Backlog!.Value))])]);
        if (phase.CpuPerOrder.Count == 0)
            yield break;
        yield return OverTime("CPU", "cores", [.. phase.CpuPerOrder.Keys.Select(process => new Series(process, [.. phase.Seconds.Select(second => (second.At, second.Cpu[process]))]))]);
        yield return OverTime("Memory", "MB", [.. phase.Memory.Keys.Select(process => new Series(process, [.. phase.Seconds.Select(second => (second.At, second.Memory[process]))]))]);
    }

    private static string Distribution(string title, IReadOnlyList<(string Name, LatencyReport Latency)> lines)
    {
        var values = lines.SelectMany(line => line.Latency.Distribution).Select(point => point.Milliseconds).Where(value => value > 0).DefaultIfEmpty(1).ToArray();
        return SvgChart.Draw(
            title, Axis.Percentiles(), Axis.Logarithmic("ms", values.Min(), values.Max()),
            [.. lines.Select(line => new Series(line.Name, [.. line.Latency.Distribution.Select(point => (point.Percent, point.Milliseconds))]))]);
    }

    private static string OverTime(string title, string unit, IReadOnlyList<Series> lines)
    {
        var points = lines.SelectMany(line => line.Points).DefaultIfEmpty((1, 0)).ToArray();
        return SvgChart.Draw(title, Axis.Linear("s", points.Max(point => point.X)), Axis.Linear(unit, points.Max(point => point.Y)), lines);
    }
}
