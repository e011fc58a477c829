using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest.Phases;

/// <summary>Creates the report of a phase from its measurements.</summary>
internal static class PhaseSummary
{
    private static readonly double[] Percents = [0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99];

    internal static PhaseReport Of(
        PhasePlan plan,
        Recorder recorder,
        IReadOnlyList<PlacedOrder> placed,
        IReadOnlyList<SecondReport> seconds,
        Dictionary<string, double> cpu,
        Dictionary<string, double> allocated,
        TimeSpan sending,
        bool isSameClock)
    {
        var settled = placed.Where(order => order.FinalAt is not null).ToArray();
        var paid = new Histogram();
        foreach (var order in settled.Where(order => order.Status == "paid"))
            paid.Record(order.FinalAt!.Value - (isSameClock ? order.Accepted.IntendedAt : order.CreatedAt));

        // The clock of another machine also stamps the last settlement, so that the phase starts with its first order.
        var start = isSameClock || settled.Length == 0 ? recorder.StartedAt : settled.Min(order => order.CreatedAt);
        var after = settled.Length == 0 ? sending : settled.Max(order => order.FinalAt!.Value) - start;
        return new PhaseReport
        {
            Name = plan.Name,
            Title = plan.Title,
            Rate = plan.Rate,
            Connections = plan.Connections,
            SendingSeconds = sending.TotalSeconds,
            SettledAfterSeconds = after.TotalSeconds,
            Accepted = placed.Count,
            Errors = new SortedDictionary<string, long>(recorder.Errors.ToDictionary(), StringComparer.Ordinal),
            Statuses = new SortedDictionary<string, long>(
                placed.CountBy(order => order.Status).ToDictionary(status => status.Key, status => (long)status.Value),
                StringComparer.Ordinal),
            Settled = settled.Length,
            AcceptedPerSecond = placed.Count / sending.TotalSeconds,
            SettledPerSecond = settled.Length / after.TotalSeconds,
            Post = Of(recorder.Post),
            PostToPaid = Of(paid),
            Lateness = Of(recorder.Lateness),
            CpuPerOrder = cpu.ToDictionary(process => process.Key, process => PerOrder(process.Value * 1e6), StringComparer.Ordinal),
            AllocatedPerOrder = allocated.ToDictionary(
                process => process.Key, process => PerOrder(process.Value / 1024), StringComparer.Ordinal),
            Memory = cpu.Keys.ToDictionary(
                process => process, process => Fifths([.. seconds.Select(second => second.Memory[process])]), StringComparer.Ordinal),
            Seconds = seconds,
            SettledBySecond = BySecond(settled, start, after),
        };

        double PerOrder(double value) => settled.Length == 0 ? 0 : value / settled.Length;
    }

    internal static LatencyReport Of(Histogram histogram) => new(
        histogram.Count,
        histogram.Mean / 1000,
        Milliseconds(histogram, 50),
        Milliseconds(histogram, 90),
        Milliseconds(histogram, 99),
        Milliseconds(histogram, 99.9),
        histogram.Max / 1000.0,
        [.. Percents.Select(percent => new PercentileReport(percent, Milliseconds(histogram, percent)))]);

    private static double Milliseconds(Histogram histogram, double percent) => histogram.Percentile(percent) / 1000.0;

    private static MemoryReport Fifths(double[] values)
    {
        if (values.Length == 0)
            return new(0, 0, 0);
        var fifth = (values.Length + 4) / 5;
        return new(Median(values[..fifth]), Median(values[^fifth..]), values.Max());
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static long[] BySecond(PlacedOrder[] settled, DateTimeOffset start, TimeSpan after)
    {
        var seconds = new long[(int)Math.Max(0, after.TotalSeconds) + 1];
        foreach (var order in settled)
            seconds[Math.Clamp((int)(order.FinalAt!.Value - start).TotalSeconds, 0, seconds.Length - 1)]++;
        return seconds;
    }
}
