using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Deployment;

/// <summary>
/// The previous release, named by eng/previous-release, and this one run side by side on the same streams and databases, under load. All
/// instances are upgraded one after the other, and then one of each service is rolled back.
/// </summary>
public sealed class RollingUpgradeTests
{
    private const int Instances = 2;
    private static readonly Func<string, string> Previous = Solution.PreviousOutputOf;
    private static readonly Func<string, string> Current = Solution.OutputOf;
    private static readonly object Usual = new { latency = "00:00:00.05", jitter = "00:00:00.1" };

    [Theory]
    [InlineData(FaultSystem.WorkerProject, FaultSystem.ApiProject)]
    [InlineData(FaultSystem.ApiProject, FaultSystem.WorkerProject)]
    public async Task An_upgrade_in_either_order_and_a_rollback_neither_lose_an_order_nor_charge_one_twice(string first, string second)
    {
        await using var system = await FaultSystem.StartAsync(
            Instances, Instances,
            [
                ("Payments__AttemptTimeout", "00:00:04"), ("JetStream__AckWait", "00:00:20"),
                ("Payments__ProcessingLookUps__0", "00:00:03"),
            ],
            build: Previous);
        await system.SetProviderAsync(Usual);
        using var over = new CancellationTokenSource();
        var load = system.Load.RunAsync(new(Orders: 2_000, PerSecond: 15) { Until = over.Token });

        // The migrations of a release run first, while the previous release keeps serving.
        system.Build = Current;
        await system.MigrateAsync(FaultSystem.ApiProject);
        await system.MigrateAsync(FaultSystem.WorkerProject);

        // With one service upgraded and the other not, events pass between the releases in both directions.
        await ReplaceAsync(system, first, Instances);
        await PlaceAndAwaitPaymentAsync(system);
        await ReplaceAsync(system, second, Instances);
        await PlaceAndAwaitPaymentAsync(system);
        var processing = await PlaceAndAwaitProcessingAsync(system);

        // The rollback runs on databases that stay migrated.
        system.Build = Previous;
        await ReplaceAsync(system, first, 1);
        await ReplaceAsync(system, second, 1);
        await PlaceAndAwaitPaymentAsync(system);

        // The previous release leaves a payment in processing to the instances that know of it.
        using (var client = new Client(system.ApiAddresses[0]))
            await client.WaitForAsync(processing, "paid");

        await over.CancelAsync();
        await load;
        var snapshot = await system.AuditAsync();
        Assert.Equal(snapshot.Orders.Count, snapshot.Ledger.Count);
        Assert.Equal(0L, await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE attempts > 1"));
    }

    /// <summary>Surge by one, as a Deployment does it: a new instance is healthy before an old one stops.</summary>
    private static async Task ReplaceAsync(FaultSystem system, string project, int count)
    {
        foreach (var old in (project == FaultSystem.ApiProject ? system.Apis : system.Workers).Take(count).ToArray())
        {
            await FaultSystem.WaitUntilHealthyAsync(
                project == FaultSystem.ApiProject ? await system.StartApiAsync() : await system.StartWorkerAsync());
            var exitCode = await system.StopAsync(old);
            Assert.True(exitCode == 0, $"{project} ended with {exitCode}:\n{old.Output}");
        }
    }

    /// <summary>A new order is paid in this mix of releases.</summary>
    private static async Task PlaceAndAwaitPaymentAsync(FaultSystem system)
    {
        foreach (var api in system.ApiAddresses)
        {
            using var client = new Client(api);
            await client.WaitForAsync(await client.PlaceAsync(), "paid");
        }
    }

    /// <summary>A new order whose charge the provider will not have processed before an instance of each service is replaced.</summary>
    private static async Task<Guid> PlaceAndAwaitProcessingAsync(FaultSystem system)
    {
        await system.SetProviderAsync(new { processingRate = 1, processingFor = "00:00:20" });
        using var client = new Client(system.ApiAddresses[0]);
        var order = await client.PlaceAsync();
        await Eventually.BeTrueAsync("the charge is being processed", async () => await Sql.ScalarAsync<long>(
            system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE order_id = '{order}' AND status = 'processing'") == 1);
        await system.SetProviderAsync(Usual);
        return order;
    }
}
