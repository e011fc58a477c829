using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Faults of the payment provider.</summary>
internal static class SoakProviderFaults
{
    internal static Task LoseAnswersAsync(SoakEnvironment soak) =>
        ForAsync(
            soak,
            soak.Scaled(40, atLeast: 5),
            new() { ["dropAfterChargeRate"] = 0.3, ["errorAfterChargeRate"] = 0.1, ["keyInUseRate"] = 0.05 });

    internal static Task StopAsync(SoakEnvironment soak)
    {
        var down = soak.Scaled(150, atLeast: 4);
        soak.Count("seconds that the provider was down", (int)down.TotalSeconds);
        return ForAsync(soak, down, new() { ["outage"] = true });
    }

    internal static Task SlowAsync(SoakEnvironment soak) =>
        ForAsync(
            soak,
            soak.Scaled(30, atLeast: 4),
            new() { ["latency"] = "00:00:00.4", ["jitter"] = "00:00:00.8", ["hangRate"] = 0.05, ["errorRate"] = 0.05, ["rateLimit"] = 12 });

    internal static async Task KillAsync(SoakEnvironment soak)
    {
        await soak.Target.Gateway.KillAsync();
        await soak.PauseAsync(1, 5);
        await soak.Target.StartGatewayAsync();
        await soak.SetProviderAsync([]);
    }

    internal static async Task StallAsync(SoakEnvironment soak)
    {
        await using var script = new ScriptedProvider(() => soak.Target.Gateway.Address)
        {
            Script = request => soak.Dice.Hits(0.5) ? null
                : soak.Dice.Hits(0.5) ? ScriptedResponse.Stalled(200, """{"reference":"r""")
                : ScriptedResponse.Silence,
        };
        soak.Target.Script = script;
        soak.Target.Provider.CutAll();
        await Task.Delay(soak.Scaled(40, atLeast: 4), TimeProvider.System);
        soak.Count("requests to a stalling provider", script.Requests.Count);
        soak.Target.Script = null;
    }

    private static async Task ForAsync(SoakEnvironment soak, TimeSpan time, Dictionary<string, object> faults)
    {
        await soak.SetProviderAsync(faults);
        await Task.Delay(time, TimeProvider.System);
        await soak.SetProviderAsync([]);
    }
}
