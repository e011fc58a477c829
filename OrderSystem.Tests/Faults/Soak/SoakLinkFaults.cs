using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>What can go wrong between the processes.</summary>
internal static class SoakLinkFaults
{
    internal static async Task ResetAsync(SoakStage stage)
    {
        foreach (var proxy in stage.Target.Proxies)
            proxy.Weather = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(4), Slices: true);
        for (var end = stage.Clock + stage.Scaled(120, atLeast: 6); stage.Clock < end;)
        {
            await stage.PauseAsync(0.2, 1.2);
            stage.Dice.OneOf(stage.Target.Proxies).CutAll();
            stage.Count("resets of all connections of a link");
        }

        foreach (var proxy in stage.Target.Proxies)
            proxy.Weather = TcpWeather.Fair;
    }

    internal static async Task FreezeAsync(SoakStage stage)
    {
        var proxy = stage.Dice.OneOf(stage.Target.Proxies);
        proxy.Freeze();
        await Task.Delay(stage.Scaled(stage.Dice.Next(10, 40), atLeast: 3), TimeProvider.System);
        proxy.Thaw();
    }
}
