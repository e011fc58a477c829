using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>What can go wrong at the payment provider.</summary>
public sealed class ProviderFaultTests
{
    [Fact]
    public async Task F29_Lost_answers_of_the_provider_never_charge_twice()
    {
        await using var system = await FaultSystem.StartAsync(workers: 2);
        await system.SetProviderAsync(new { dropAfterChargeRate = 0.3, errorAfterChargeRate = 0.1, keyInUseRate = 0.05, seed = system.Dice.Seed });

        await system.Load.RunAsync(new(Orders: 150, PerSecond: 30));

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(90));
        Assert.True(snapshot.Attempts["droppedAfterEffect"] > 20 && snapshot.Attempts["errorAfterEffect"] > 4, snapshot.ToString());
        Assert.Equal(150, snapshot.Ledger.Count);
    }

    [Fact]
    public async Task F30_An_outage_of_the_provider_opens_the_breaker_and_the_backlog_drains_after_it()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 20));
        await system.SetProviderAsync(new { outage = true });
        var outage = TimeProvider.System.GetTimestamp();

        await system.Load.RunAsync(new(Orders: 150, PerSecond: 20));
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);
        var lasted = TimeProvider.System.GetElapsedTime(outage);
        await system.SetProviderAsync(null);

        // What was under way when the breaker opened, each with its retries, and then one probe for each break of at least a second.
        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(90));
        Assert.InRange(snapshot.Attempts["outage"], 6, (16 * 3) + (3 * lasted.TotalSeconds));
        Assert.Equal(160, snapshot.Ledger.Count);
    }
}
