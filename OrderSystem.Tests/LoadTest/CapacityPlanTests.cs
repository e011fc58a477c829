using OrderSystem.LoadTest.Capacity;
using OrderSystem.LoadTest.Report;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The laws of a plan, with values computed by hand for 10,000 orders a second at a target utilisation of 0.6.</summary>
[Fast]
public sealed class CapacityPlanTests
{
    private static readonly Workload Load = new() { OrdersPerSecond = 10_000 };

    [Fact]
    public void Instances_of_the_API_are_bounded_by_its_committer()
    {
        // CPU: 0.6 × 2 cores ÷ 300 µs. Committer: 0.6 × 1 core ÷ 200 µs. Slots: 0.6 × 256 ÷ 10 ms.
        var api = Plan().OrderApi;
        Assert.Equal([("CPU", 4_000), ("committer", 3_000), ("slots", 15_360)], api.Bounds.Select(Rounded));
        Assert.Equal(("committer", 4, 6), (api.Bottleneck.Name, api.Needed, api.Planned));
    }

    [Fact]
    public void Instances_of_the_worker_are_bounded_by_slots_which_the_provider_and_two_commits_hold()
    {
        // Slots: 0.6 × 256 ÷ (200 ms + 2 × 10 ms).
        var worker = Plan().PaymentWorker;
        Assert.Equal([("CPU", 5_000), ("committer", 6_000), ("slots", 698)], worker.Bounds.Select(Rounded));
        Assert.Equal(("slots", 15, 23), (worker.Bottleneck.Name, worker.Needed, worker.Planned));
    }

    [Fact]
    public void A_fast_provider_leaves_CPU_as_the_bottleneck_of_the_worker() =>
        Assert.Equal("CPU", Plan(Load with { ProviderLatency = TimeSpan.Zero }).PaymentWorker.Bottleneck.Name);

    [Fact]
    public void Servers_take_rate_times_demand_at_the_target_utilisation()
    {
        var plan = Plan();
        Assert.Equal(10_000 * 200e-6 / 0.6, plan.OrdersDatabaseCores, tolerance: 0.001);
        Assert.Equal(10_000 * 100e-6 / 0.6, plan.PaymentsDatabaseCores, tolerance: 0.001);
        Assert.Equal(10_000 * 400e-6 / 0.6, plan.NatsCores, tolerance: 0.001);
    }

    [Fact]
    public void Many_small_batches_cost_the_database_what_a_small_rate_per_instance_costs()
    {
        // Six instances with 1,667 orders a second each; an order costs 200 µs at 3,000 orders a second, and 4 times as much at 300.
        var demands = Demands() with { OrdersDatabase = new([new(300, 800), new(3_000, 200)]) };
        var perOrder = 200 * Math.Pow(3_000 / (10_000 / 6.0), Math.Log10(4));
        Assert.Equal(10_000 * perOrder / 1e6 / 0.6, new CapacityPlan(demands, Load).OrdersDatabaseCores, tolerance: 0.001);
    }

    [Fact]
    public void Every_instance_and_one_more_in_a_rollout_has_a_pool_of_20_connections()
    {
        var plan = Plan();
        Assert.Equal(((6 + 1) * 20, (23 + 1) * 20), (plan.OrdersConnections, plan.PaymentsConnections));
    }

    [Fact]
    public void Little_s_law_gives_the_concurrent_calls_of_the_provider() => Assert.Equal(2_000, Plan().ProviderCalls, tolerance: 0.001);

    [Fact]
    public void Volumes_are_megabytes_a_second()
    {
        var plan = Plan();
        Assert.Equal((50.0, 70.0, 20_000.0), (plan.WalMegabytesPerSecond, plan.WireMegabytesPerSecond, plan.MessagesPerSecond));
    }

    [Fact]
    public void Streams_are_kept_for_seven_days_in_each_copy() =>
        Assert.Equal(10 * 604_800 / 1_000.0 * 3, Plan().StreamGigabytes, tolerance: 0.001);

    [Fact]
    public void Tables_are_kept_for_the_planned_days_or_their_own_retention()
    {
        // Events 30 days, inbox 8 days, idempotency keys 3 days, the outbox never grows.
        var plan = Plan();
        Assert.Equal(25_920 + 691.2 + 259.2, plan.OrdersGigabytes, tolerance: 0.001);
        Assert.Equal(12_960, plan.PaymentsGigabytes, tolerance: 0.001);
    }

    [Fact]
    public void Orders_kept_for_less_than_the_retention_of_the_inbox_bound_it_too() =>
        Assert.Equal(864 + 86.4 + 86.4, Plan(Load with { Days = 1 }).OrdersGigabytes, tolerance: 0.001);

    [Fact]
    public void Limits_that_more_instances_do_not_raise_are_sorted_with_their_remedy()
    {
        var plan = Plan();
        Assert.Equal([1_200, 5_585, 48_000, 96_000], plan.Limits.Select(limit => Math.Round(limit.OrdersPerSecond)));
        Assert.Equal("JetStream__MaxAckPending=3667", plan.Limits[1].Remedy);
        Assert.Equal(9, plan.Streams);
    }

    [Fact]
    public void A_limit_does_not_depend_on_the_planned_rate()
    {
        var demands = Demands() with { OrdersDatabase = new([new(300, 800), new(3_000, 200)]) };
        var (low, high) = (new CapacityPlan(demands, Load with { OrdersPerSecond = 100 }), new CapacityPlan(demands, Load));
        Assert.Equal(high.Limits.Select(limit => (limit.Name, limit.OrdersPerSecond)), low.Limits.Select(
            limit => (limit.Name, limit.OrdersPerSecond)));
    }

    [Theory]
    [InlineData(2_000, 200, 16, "nats-server: one stream per subject, each message synced")]
    [InlineData(20_000, 200, 16, "ORDER_PROCESSOR: JetStream__MaxAckPending=2048")]
    [InlineData(100_000, 20, 4, "PostgreSQL orders: a primary with 4 cores")]
    public void The_first_limit_is_named(double messagesPerSecond, double milliseconds, double databaseCores, string expected)
    {
        var load = Load with { ProviderLatency = TimeSpan.FromMilliseconds(milliseconds), DatabaseCores = databaseCores };
        var plan = new CapacityPlan(Demands() with { StreamMessagesPerSecond = messagesPerSecond }, load);
        Assert.Equal(expected, plan.Limits[0].Name);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 5)]
    [InlineData(4, 6)]
    [InlineData(15, 23)]
    public void Enough_instances_are_left_when_one_of_three_zones_fails(int needed, int planned)
    {
        Assert.Equal(planned, ServicePlan.InThreeZones(needed));
        Assert.True(planned - Math.Ceiling(planned / 3.0) >= needed);
    }

    [Fact]
    public void Instances_too_small_for_any_measured_rate_are_refused()
    {
        var demands = Demands() with { OrderApi = new([new(100, 2_000)]) };
        var failure = Assert.Throws<LoadTestException>(() => new CapacityPlan(demands, Load with { Cores = 0.3 }));
        Assert.StartsWith("--cores 0.3 are too few for order-api", failure.Message, StringComparison.Ordinal);
    }

    private static (string Name, double Rate) Rounded(Bound bound) => (bound.Name, Math.Round(bound.OrdersPerSecond));

    private static CapacityPlan Plan(Workload? load = null) => new(Demands(), load ?? Load);

    /// <summary>Constant demands.</summary>
    private static Demands Demands() => new()
    {
        Source = "by hand",
        OrderApi = new([new(1, 300)]),
        PaymentWorker = new([new(1, 240)]),
        OrdersDatabase = new([new(1, 200)]),
        PaymentsDatabase = new([new(1, 100)]),
        NatsMicroseconds = 400,
        StreamMessagesPerSecond = 2_000,
        CommitSeconds = 0.01,
        Volume = new(
            Wal: 5,
            new Dictionary<string, double>
            {
                ["orders.events"] = 1, ["orders.inbox"] = 0.1, ["orders.idempotency_keys"] = 0.1, ["orders.outbox"] = 0.5,
                ["payments.payments"] = 0.5,
            },
            Streams: 1,
            Messages: 2,
            Wire: 7),
    };
}
