using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Faults of the network links.</summary>
internal static class SoakLinkFaults
{
    internal static async Task ResetAsync(SoakEnvironment soak)
    {
        foreach (var proxy in soak.Target.Proxies)
            proxy.Impairment = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(4), Slices: true);
        for (var end = soak.Clock + soak.Scaled(120, atLeast: 6); soak.Clock < end;)
        {
            await soak.PauseAsync(0.2, 1.2);
            soak.Dice.OneOf(soak.Target.Proxies).CutAll();
            soak.Count("resets of all connections of a link");
        }

        foreach (var proxy in soak.Target.Proxies)
            proxy.Impairment = TcpImpairment.None;
    }

    internal static async Task FreezeAsync(SoakEnvironment soak)
    {
        var proxy = soak.Dice.OneOf(soak.Target.Proxies);
        proxy.Freeze();
        await Task.Delay(soak.Scaled(soak.Dice.Next(10, 40), atLeast: 3), TimeProvider.System);
        proxy.Thaw();
    }
}
