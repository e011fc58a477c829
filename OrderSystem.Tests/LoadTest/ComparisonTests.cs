using OrderSystem.LoadTest.Measuring;
using OrderSystem.LoadTest.Phases;
using OrderSystem.LoadTest.Report;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The comparison of two runs, and the figures of one.</summary>
[Fast]
public sealed class ComparisonTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ordersystem-compare-");

    [Fact]
    public void More_orders_are_better_and_higher_latency_is_worse()
    {
        var (a, b) = (Run(settledPerSecond: 1_000, postMilliseconds: 4), Run(settledPerSecond: 1_200, postMilliseconds: 5));
        var rows = Comparison.Of(a, b).ToDictionary(row => row.Name);
        Assert.Equal((0.2, "better"), (Math.Round(rows["steady: settled"].Change!.Value, 3), rows["steady: settled"].Verdict));
        Assert.Equal("worse", rows["steady: POST p50"].Verdict);
    }

    [Fact]
    public void A_change_below_5_percent_is_neither_better_nor_worse()
    {
        var (a, b) = (Run(settledPerSecond: 1_000, postMilliseconds: 4), Run(settledPerSecond: 960, postMilliseconds: 4));
        var rows = Comparison.Of(a, b).ToDictionary(row => row.Name);
        Assert.Equal("", rows["steady: settled"].Verdict);
    }

    [Fact]
    public void A_figure_of_only_one_run_has_no_change()
    {
        var rows = Comparison.Of(Run(1_000, 4, name: "closed"), Run(1_000, 4, name: "open"));
        var (a, b) = (rows.Single(row => row.Name == "closed: settled"), rows.Single(row => row.Name == "open: settled"));
        Assert.Equal((1_000.0, null, null), (a.A, a.B, a.Change));
        Assert.Equal((null, 1_000.0, ""), (b.A, b.B, b.Verdict));
    }

    [Fact]
    public async Task A_run_is_read_as_it_was_written()
    {
        var run = Run(settledPerSecond: 1_000, postMilliseconds: 4);
        await ReportFiles.WriteAsync(run, folder.FullName);
        var read = await ReportFiles.ReadAsync(folder.GetFiles("*.json").Single().FullName, CancellationToken.None);
        Assert.Equal(Figures.All(run), Figures.All(read));
        Assert.Contains("steady: settled", Comparison.Print(Comparison.Of(run, read)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_a_run_is_refused_with_its_path()
    {
        var path = Path.Combine(folder.FullName, "other.json");
        await File.WriteAllTextAsync(path, """{"name":"something else"}""");
        var failure = await Assert.ThrowsAsync<LoadTestException>(() => ReportFiles.ReadAsync(path, CancellationToken.None));
        Assert.StartsWith($"{path} is not the JSON of a run", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2_500, 2.5, true)]
    [InlineData(2_400, 2.4, false)]
    public void Saturation_is_compared_with_the_mean_of_both_yardsticks(double settledPerSecond, double ratio, bool isReached)
    {
        var run = Run(settledPerSecond, 4, name: Figures.Saturation);
        run.Yardstick = new("pgbench", "PostgreSQL", 32, Before: 900, After: 1_100, CpuPerOrder: 400, CommitMilliseconds: 2);
        var goal = Figures.Goals(run).Single(goal => goal.Name == "saturation: settled orders/s ÷ yardstick");
        Assert.Equal((ratio, isReached), (goal.Value, goal.IsReached));
    }

    [Fact]
    public void CPU_of_the_generator_does_not_count_for_the_system()
    {
        var run = Run(1_000, 4, name: Figures.Saturation);
        run.Yardstick = new("pgbench", "PostgreSQL", 32, Before: 900, After: 1_100, CpuPerOrder: 400, CommitMilliseconds: 2);
        var goal = Figures.Goals(run).Single(goal => goal.Name == "saturation: CPU per settled order ÷ yardstick");
        Assert.Equal(0.5, goal.Value, tolerance: 0.001);
    }

    [Fact]
    public void The_shrink_rate_of_a_backlog_is_measured_only_while_orders_arrive()
    {
        // 10,000 orders at first, 2,500 fewer each second; after the tenth second no orders arrive.
        var run = Run(1_000, 4, Figures.Backlog, [9_000, 10_000, 7_500, 5_000, 2_500, 400, 10, 0, 0, 0]);
        var goal = Figures.Goals(run).Single(goal => goal.Name == "backlog: orders/s settled ÷ arriving");
        Assert.Equal(3.4, goal.Value, tolerance: 0.001);
        Assert.True(goal.IsReached);
    }

    [Fact]
    public void Allocations_are_divided_by_the_settled_orders() =>
        Assert.Equal(30, Run(1_000, 4).Phases[0].AllocatedPerOrder["order-api"], tolerance: 0.001);

    public void Dispose() => folder.Delete(recursive: true);

    /// <summary>A phase of ten seconds with 200 µs of CPU per order in the API and 100 µs in the generator.</summary>
    private static RunReport Run(double settledPerSecond, int postMilliseconds, string name = Figures.Steady, long[]? backlog = null)
    {
        var recorder = new Recorder(TimeProvider.System);
        recorder.Post.Record(TimeSpan.FromMilliseconds(postMilliseconds));
        var orders = (int)(settledPerSecond * 10);
        var placed = Enumerable.Range(1, orders).Select(i =>
        {
            var paidAt = recorder.StartedAt + (TimeSpan.FromSeconds(10) * i / orders);
            return new PlacedOrder(new AcceptedOrder(Guid.NewGuid(), recorder.StartedAt), "paid", recorder.StartedAt, paidAt);
        }).ToArray();
        var seconds = Enumerable.Range(1, 10).Select(second => new SecondReport
        {
            At = second,
            AcceptedPerSecond = settledPerSecond,
            Errors = 0,
            PostP50 = postMilliseconds,
            PostP99 = postMilliseconds,
            Backlog = backlog?[second - 1] ?? 0,
            Cpu = new Dictionary<string, double> { ["order-api"] = 0.2, [Figures.LoadGenerator] = 0.1 },
            Memory = new Dictionary<string, double> { ["order-api"] = 100, [Figures.LoadGenerator] = 50 },
        }).ToArray();
        var cpu = new Dictionary<string, double> { ["order-api"] = orders * 200e-6, [Figures.LoadGenerator] = orders * 100e-6 };
        var allocated = new Dictionary<string, double> { ["order-api"] = orders * 30 * 1024.0 };
        var plan = new PhasePlan(name, "test", 1_000, 4, TimeSpan.FromSeconds(10));
        return new()
        {
            StartedAt = recorder.StartedAt,
            Version = "1.0.0",
            Machine = Machine.Describe(),
            Settings = new Dictionary<string, string>(),
            Phases = [PhaseSummary.Of(plan, recorder, placed, seconds, cpu, allocated, TimeSpan.FromSeconds(10), isSameClock: true)],
            Audit = "agrees",
            AuditFindings = [],
        };
    }
}
