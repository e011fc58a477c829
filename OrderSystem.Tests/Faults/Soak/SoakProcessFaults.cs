using System.Text;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Instances that are killed or stopped.</summary>
internal static class SoakProcessFaults
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    internal static async Task KillAnyAsync(SoakEnvironment soak)
    {
        for (var end = soak.Clock + soak.Scaled(40, atLeast: 5); soak.Clock < end;)
        {
            await soak.PauseAsync(0.5, 2.5);
            await soak.ReplaceAsync(soak.Dice.OneOf(Young(soak)), soak.Target.KillAsync);
            soak.Count("instances killed");
        }
    }

    internal static Task StopSomeAsync(SoakEnvironment soak) => StopAsync(soak, [.. Young(soak).Where(_ => soak.Dice.Hits(0.7))]);

    /// <summary>SIGTERM to all at once: each instance shuts down gracefully in time and is replaced.</summary>
    internal static Task StopAsync(SoakEnvironment soak, IReadOnlyList<ServiceProcess> services) =>
        Task.WhenAll(services.Select(service => soak.ReplaceAsync(service, async victim =>
        {
            var started = soak.Clock;
            var code = await soak.Target.StopAsync(victim);
            Assert.True(
                code == 0 && soak.Clock - started < TimeSpan.FromSeconds(30),
                $"SIGTERM: {code} after {soak.Clock - started}:\n{victim.Output}");
            soak.Count("instances stopped");
        })));

    internal static async Task KillRelaysAsync(SoakEnvironment soak)
    {
        Guid? published = null;
        using var publishes = soak.Rules.FromClient(soak.Target.ApiNats, (_, frame) =>
        {
            if (frame.StartsWith("HPUB orders.created "u8))
                published = Guid.Parse(Encoding.ASCII.GetString(frame[(frame.IndexOf("ce-subject: "u8) + 12)..][..36]));
            return TcpVerdict.Pass;
        });

        for (var deaths = soak.Scaled(20); deaths > 0;)
        {
            published = null;
            var delete = new FaultBreakpoint(
                TcpVerdict.Hold, (_, frame) => published is { } order && IsDelete(frame) && frame.Contains(order));
            using var rule = soak.Rules.FromClient(soak.Target.ApiPostgres, delete.Judge);
            if (await KillOwnerAsync(
                soak, soak.Target.ApiPostgres, await delete.ReachedAsync(Timeout), "relays killed between acknowledgement and delete"))
                deaths--;
        }
    }

    /// <summary>
    /// Kills the instance that owns the link, and cuts the link. The oldest instances
    /// are spared and lose only the link. Returns whether an instance was killed.
    /// </summary>
    internal static async Task<bool> KillOwnerAsync(SoakEnvironment soak, TcpProxy proxy, TcpLink link, string count)
    {
        var owner = soak.OwnerOf(proxy, link);
        if (owner is null || soak.IsOldest(owner))
        {
            proxy.Cut(link);
            return false;
        }

        soak.Count(count);
        await soak.ReplaceAsync(owner, async victim =>
        {
            await soak.Target.KillAsync(victim);
            proxy.Cut(link);
        });
        return true;
    }

    private static ServiceProcess[] Young(SoakEnvironment soak) =>
        [.. soak.Target.Apis.Concat(soak.Target.Workers).Where(service => !soak.IsOldest(service))];

    /// <summary>
    /// Among the statements with the id of an order, only the delete has an array of ids and neither an event nor a status.
    /// </summary>
    private static bool IsDelete(ReadOnlySpan<byte> frame) => TcpFrameMatcher.IsBind(frame) && frame.Contains([0, 0, 0x0B, 0x86])
        && !frame.Contains("orders."u8) && !frame.Contains("paid"u8) && !frame.Contains("payment"u8) && !frame.Contains("manualReview"u8);
}
