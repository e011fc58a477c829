using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Faults of the network links between the processes.</summary>
public sealed class LinkFaultTests
{
    [Fact]
    public async Task F12_Connections_that_break_constantly_on_all_links_lose_no_order()
    {
        await using var system = await FaultSystem.StartAsync(workers: 2);
        foreach (var proxy in system.Proxies)
            proxy.Impairment = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(4), Slices: true);
        using var over = new CancellationTokenSource();
        var load = system.Load.RunAsync(new(Orders: 800, PerSecond: 15) { Until = over.Token });

        // An idle link has no connection to cut: on a busy machine, the first connection to the provider may come late.
        for (var cut = 0; cut < 25 || (cut < 100 && system.Proxies.Any(proxy => proxy.Cuts == 0)); cut++)
        {
            await Task.Delay(system.Dice.Between(0.2, 0.8), TimeProvider.System);
            system.Proxies[cut % system.Proxies.Count].CutAll();
        }

        await over.CancelAsync();
        await load;

        Assert.True(system.Proxies.All(proxy => proxy.Cuts > 0),
            string.Join(", ", system.Proxies.Select(proxy => $"{proxy.Name}: {proxy.Cuts} cuts")));
        Assert.All(system.AllInstances, service => Assert.True(Directory.Exists($"/proc/{service.Id}"), service.Output));
        await system.AuditAsync(TimeSpan.FromSeconds(90));

        // The pools stay within their limits, and each process has one connection to NATS.
        Assert.InRange(system.ApiPostgres.Open, 0, 20);
        Assert.InRange(system.WorkerPostgres.Open, 0, 40);
        Assert.Equal((1, 2), (system.ApiNats.Open, system.WorkerNats.Open));
    }
}
