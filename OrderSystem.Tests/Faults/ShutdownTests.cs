using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Graceful shutdown.</summary>
public sealed class ShutdownTests
{
    private const int Prefetch = 256;

    [Fact]
    public async Task F32_SIGTERM_to_every_process_under_load_loses_nothing_and_repeats_almost_nothing()
    {
        await using var system = await FaultSystem.StartAsync(
            apis: 2, workers: 2, [("Payments__AttemptTimeout", "00:00:04"), ("JetStream__AckWait", "00:00:20")]);
        var rules = new FaultRules(system);
        await system.SetProviderAsync(new { latency = "00:00:00.1", jitter = "00:00:00.2" });
        var load = system.Load.RunAsync(new(Orders: 300, PerSecond: 30));
        await Task.Delay(system.Dice.Between(1.5, 2.5), TimeProvider.System);

        // One instance of each service, as in a rolling upgrade, and then all of them at once.
        await RestartAsync([system.Apis[0], system.Workers[0]]);
        await RestartAsync([.. system.Apis, .. system.Workers]);
        await load;

        var snapshot = await system.AuditAsync();
        Assert.Equal(300, snapshot.Ledger.Count);
        var again = await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE attempts > 1");
        var twice = rules.Settled - snapshot.OrderApi.Inbox.Count - snapshot.Worker.Inbox.Count;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rules.Redelivered} messages were redelivered, {twice} acknowledged twice; "
                + $"{again} payments started again, {snapshot.Attempts["replayed"]} charges repeated");

        // An instance finishes what it has started: no charge is repeated, and
        // almost no acknowledgement comes too late. The messages that the six
        // stopped instances had only prefetched are returned and redelivered.
        Assert.Equal((0L, 0L), (again, snapshot.Attempts["replayed"]));
        Assert.InRange(twice, 0, 3);
        Assert.InRange(rules.Redelivered, 0, 6 * Prefetch);

        async Task RestartAsync(ServiceProcess[] services)
        {
            var stopped = await Task.WhenAll(services.Select(async service =>
            {
                var isApi = system.Apis.Contains(service);
                var started = TimeProvider.System.GetTimestamp();
                var code = await system.StopAsync(service);
                await (isApi ? system.StartApiAsync() : system.StartWorkerAsync());
                return (code, Took: TimeProvider.System.GetElapsedTime(started), service.Output);
            }));
            Assert.All(stopped, end => Assert.True(
                end.code == 0 && end.Took < TimeSpan.FromSeconds(30), $"{end.code} after {end.Took}:\n{end.Output}"));
        }
    }
}
