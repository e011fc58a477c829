using System.Diagnostics;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>A cluster with three instances of each service. All tests share it: each leaves it whole.</summary>
public sealed class SharedCluster : IAsyncLifetime
{
    internal FaultSystem System { get; private set; } = null!;

    public async ValueTask InitializeAsync() => System = await FaultSystem.StartAsync(apis: 3, workers: 3, isCluster: true);

    public ValueTask DisposeAsync() => System.DisposeAsync();
}

/// <summary>One server of a cluster is lost, frozen or restarted while orders arrive.</summary>
public sealed class ClusterTests(SharedCluster shared) : IClassFixture<SharedCluster>
{
    private readonly FaultSystem system = shared.System;

    private ServerCluster Cluster => system.Cluster;

    [Fact]
    public Task Killing_the_leader_of_a_stream_in_a_loop_loses_nothing() => UnderLoadAsync(async () =>
    {
        foreach (var stream in (string[])["ORDERS", "PAYMENTS", "ORDERS", "PAYMENTS"])
        {
            var leader = await Cluster.LeaderOfAsync(stream);
            await leader.KillAsync();
            await ReportRecoveryAsync($"leader of {stream} killed");
            await leader.StartAgainAsync();
            await Cluster.WaitUntilReplicatedAsync();
        }
    });

    [Fact]
    public Task A_frozen_leader_that_is_killed_afterwards_loses_nothing() => UnderLoadAsync(async () =>
    {
        foreach (var stream in (string[])["ORDERS", "PAYMENTS"])
        {
            var leader = await Cluster.LeaderOfAsync(stream);
            await leader.SignalAsync("STOP");
            await ReportRecoveryAsync($"leader of {stream} frozen");
            if (stream == "ORDERS")
                await leader.SignalAsync("CONT");
            else
            {
                await leader.KillAsync();
                await leader.StartAgainAsync();
            }

            await Cluster.WaitUntilReplicatedAsync();
        }
    });

    [Fact]
    public Task Losing_the_meta_leader_loses_nothing() => UnderLoadAsync(async () =>
    {
        var leader = await Cluster.MetaLeaderAsync();
        await leader.KillAsync();
        await ReportRecoveryAsync("meta leader killed");
        await leader.StartAgainAsync();
        await Cluster.WaitUntilReplicatedAsync();
    });

    [Fact]
    public Task A_restart_in_lame_duck_mode_loses_nothing() => UnderLoadAsync(async () =>
    {
        var leader = await Cluster.LeaderOfAsync("ORDERS");
        await leader.RetireAsync();
        await ReportRecoveryAsync("lame duck");
        await leader.StartAgainAsync();
        await Cluster.WaitUntilReplicatedAsync();
    });

    /// <summary>A commit waits for the synchronous standby: what is not confirmed is not accepted either.</summary>
    [Fact]
    public async Task A_frozen_synchronous_standby_delays_orders_and_loses_none()
    {
        await Cluster.Synchronous.FreezeAsync();
        var load = system.Load.RunAsync(new(Orders: 20, PerSecond: 10));
        await Eventually.BeTrueAsync(
            "orders are rejected for now",
            () => Task.FromResult(system.Load.History.Requests.Any(
                request => request.Attempts.Any(attempt => attempt.Outcome == LoadOutcome.RetryLater))));
        await Cluster.Synchronous.ThawAsync();
        await ReportRecoveryAsync("synchronous standby thawed");
        await load;
        await system.AuditAsync(TimeSpan.FromSeconds(90));
    }

    /// <summary>One server of each kind and one instance of each service end at the same moment.</summary>
    [Fact]
    public async Task Losing_a_zone_loses_no_order_that_was_accepted()
    {
        await using var own = await FaultSystem.StartAsync(apis: 3, workers: 3, isCluster: true);
        using var over = new CancellationTokenSource();
        var load = own.Load.RunAsync(new(Orders: 1_000, PerSecond: 20) { Until = over.Token });
        await Eventually.BeTrueAsync("orders arrive", () => Task.FromResult(own.Load.History.Accepted.Count() > 40));

        var node = await own.Cluster.LeaderOfAsync("ORDERS");
        await Task.WhenAll(
            own.Cluster.Primary.KillAsync(), node.KillAsync(), own.KillAsync(own.Apis[0]), own.KillAsync(own.Workers[0]));
        var lost = Stopwatch.GetTimestamp();
        await own.Cluster.Synchronous.PromoteAsync();
        await ReportRecoveryAsync(own, "zone lost, standby promoted", lost);
        await over.CancelAsync();
        var history = await load;

        Assert.All(history.Requests, request => Assert.NotNull(request.OrderId));
        await own.AuditAsync(TimeSpan.FromSeconds(90));
    }

    private async Task UnderLoadAsync(Func<Task> faults)
    {
        using var over = new CancellationTokenSource();
        var load = system.Load.RunAsync(new(Orders: 2_000, PerSecond: 20) { Until = over.Token });
        await faults();
        await over.CancelAsync();
        var history = await load;

        // Accepting an order does not need the broker.
        Assert.All(history.Requests, request => Assert.NotNull(request.OrderId));
        await system.AuditAsync(TimeSpan.FromSeconds(90));
    }

    private Task ReportRecoveryAsync(string fault) => ReportRecoveryAsync(system, fault, Stopwatch.GetTimestamp());

    /// <summary>Waits until an order that is placed from now on is paid.</summary>
    private static async Task ReportRecoveryAsync(FaultSystem system, string fault, long since)
    {
        var order = (await system.Load.PlaceAsync()).OrderId;
        await Eventually.GetAsync(
            $"an order is paid after: {fault}",
            async () => await Sql.ScalarAsync<string>(system.OrdersDatabase, $"SELECT status FROM orders WHERE id = '{order}'"),
            status => status != "pending", TimeSpan.FromSeconds(90));
        TestContext.Current.TestOutputHelper?.WriteLine($"{fault}: paid again after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
    }
}
