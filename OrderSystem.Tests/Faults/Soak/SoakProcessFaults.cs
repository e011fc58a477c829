using System.Text;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Instances that die or are stopped.</summary>
internal static class SoakProcessFaults
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static async Task KillAnyAsync(SoakStage stage)
    {
        for (var end = stage.Clock + stage.Scaled(40, atLeast: 5); stage.Clock < end;)
        {
            await stage.PauseAsync(0.5, 2.5);
            await stage.ReplaceAsync(stage.Dice.OneOf(Young(stage)), stage.Target.KillAsync);
            stage.Count("instances killed");
        }
    }

    internal static Task StopSomeAsync(SoakStage stage) => StopAsync(stage, [.. Young(stage).Where(_ => stage.Dice.Hits(0.7))]);

    /// <summary>SIGTERM to all at once: they end in time and in order, and new ones take over.</summary>
    internal static Task StopAsync(SoakStage stage, IReadOnlyList<ServiceProcess> services) => Task.WhenAll(services.Select(service => stage.ReplaceAsync(service, async victim =>
    {
        var started = stage.Clock;
        var code = await stage.Target.StopAsync(victim);
        Assert.True(code == 0 && stage.Clock - started < TimeSpan.FromSeconds(30), $"SIGTERM: {code} after {stage.Clock - started}:\n{victim.Output}");
        stage.Count("instances stopped");
    })));

    internal static async Task KillRelaysAsync(SoakStage stage)
    {
        Guid? published = null;
        using var publishes = stage.Rules.FromClient(stage.Target.ApiNats, (_, frame) =>
        {
            if (frame.StartsWith("HPUB orders.created "u8))
                published = Guid.Parse(Encoding.ASCII.GetString(frame[(frame.IndexOf("ce-subject: "u8) + 12)..][..36]));
            return TcpVerdict.Pass;
        });

        for (var deaths = stage.Scaled(20); deaths > 0;)
        {
            published = null;
            var delete = new FaultBreakpoint(TcpVerdict.Hold, (_, frame) => published is { } order && IsDelete(frame) && frame.Contains(order));
            using var rule = stage.Rules.FromClient(stage.Target.ApiPostgres, delete.Judge);
            if (await EndAsync(stage, stage.Target.ApiPostgres, await delete.ReachedAsync(Patience), "relays killed between acknowledgement and delete"))
                deaths--;
        }
    }

    /// <summary>Kills the instance whose link this is, and the link with it; of the oldest, which are spared, only the link. Answers whether one died.</summary>
    internal static async Task<bool> EndAsync(SoakStage stage, TcpProxy proxy, TcpLink link, string count)
    {
        var owner = stage.OwnerOf(proxy, link);
        if (owner is null || stage.IsOldest(owner))
        {
            proxy.Cut(link);
            return false;
        }

        stage.Count(count);
        await stage.ReplaceAsync(owner, async victim =>
        {
            await stage.Target.KillAsync(victim);
            proxy.Cut(link);
        });
        return true;
    }

    private static ServiceProcess[] Young(SoakStage stage) => [.. stage.Target.Apis.Concat(stage.Target.Workers).Where(service => !stage.IsOldest(service))];

    /// <summary>Of the statements with an order's id, this one has an array of ids, and no event or status.</summary>
    private static bool IsDelete(ReadOnlySpan<byte> frame) => TcpFrames.IsBind(frame) && frame.Contains([0, 0, 0x0B, 0x86])
        && !frame.Contains("orders."u8) && !frame.Contains("paid"u8) && !frame.Contains("payment"u8) && !frame.Contains("manualReview"u8);
}
