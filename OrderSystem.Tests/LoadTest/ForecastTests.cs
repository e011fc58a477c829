using OrderSystem.LoadTest.Capacity;
using OrderSystem.LoadTest.Report;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>
/// The laws of the plan beside what real runs measured, all of one series (docs/scale.md). All processes share the machine, the load
/// generator too, so its cores bound the sum of their demands.
/// </summary>
[Fast]
public sealed class ForecastTests
{
    private static readonly string Folder = Path.Combine(Solution.Root, "OrderSystem.Tests", "LoadTest", "Reports");

    /// <summary>The run of the series that measured a low rate, and no saturation.</summary>
    private const string LowRate = "20261201-025610.json";

    public static TheoryData<string> Runs =>
        [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)).Where(file => file != LowRate)];

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task The_bound_of_the_utilisation_law_exceeds_saturation_by_a_tenth_to_a_quarter(string file)
    {
        var run = await ReadAsync(file);
        Assert.InRange(Bound(run) / Settled(run), 1.1, 1.25);
    }

    /// <summary>Runs of one machine differ by a third, so that a tighter range would be the luck of two of them.</summary>
    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Every_other_run_settles_what_a_plan_promises_by_the_demands_of_one_and_at_most_twice_as_much(string file)
    {
        var promised = CapacityPlan.Target * Bound(await ReadAsync(file));
        foreach (var other in Runs)
            Assert.InRange(promised / Settled(await ReadAsync(other.Data)), 0.5, 1);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task The_demand_between_a_low_rate_and_saturation_is_predicted_within_a_tenth(string file)
    {
        var (low, run) = ((await ReadAsync(LowRate)).Phases.Single(), await ReadAsync(file));
        var (steady, demand) = (Phase(run, Figures.Steady), new Demand([Point(low), Point(Phase(run, Figures.Saturation))]));
        Assert.InRange(demand.At(steady.SettledPerSecond) / Point(steady).Microseconds, 0.9, 1.1);
    }

    [Fact]
    public async Task The_demands_that_come_with_the_program_are_those_of_a_run_of_the_series()
    {
        var (demands, run) = (await Demands.MeasuredAsync(CancellationToken.None), await ReadAsync("20261201-030211.json"));
        var (saturation, steady) = (Phase(run, Figures.Saturation), Phase(run, Figures.Steady));
        var (rate, cpu) = (saturation.SettledPerSecond, saturation.CpuPerOrder);

        Assert.Equal(cpu["order-api"], demands.OrderApi.At(rate), tolerance: 0.001);
        Assert.Equal(cpu["payment-worker"], demands.PaymentWorker.At(rate), tolerance: 0.001);
        Assert.Equal(0.63 * cpu["postgres"], demands.OrdersDatabase.At(rate), tolerance: 0.001);
        Assert.Equal(0.37 * cpu["postgres"], demands.PaymentsDatabase.At(rate), tolerance: 0.001);
        Assert.Equal(steady.CpuPerOrder["order-api"], demands.OrderApi.At(steady.SettledPerSecond), tolerance: 0.001);
        Assert.Equal(Phase(run, Figures.Synced).CpuPerOrder["nats-server"], demands.NatsMicroseconds, tolerance: 0.001);
        Assert.Equal(steady.Post.Mean / 1_000, demands.CommitSeconds, tolerance: 0.000_001);
    }

    private static Task<RunReport> ReadAsync(string file) =>
        ReportFiles.ReadAsync(Path.Combine(Folder, file), CancellationToken.None);

    private static double Settled(RunReport run) => Phase(run, Figures.Saturation).SettledPerSecond;

    private static double Bound(RunReport run) => new Demand([Point(Phase(run, Figures.Saturation))]).RateOn(run.Machine.Cores);

    private static DemandPoint Point(PhaseReport phase) => new(phase.SettledPerSecond, phase.CpuPerOrder.Values.Sum());

    private static PhaseReport Phase(RunReport run, string name) => run.Phases.Single(phase => phase.Name == name);
}
