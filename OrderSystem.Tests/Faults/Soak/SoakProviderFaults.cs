using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>What can go wrong at the payment provider.</summary>
internal static class SoakProviderFaults
{
    internal static Task LoseAnswersAsync(SoakStage stage) =>
        ForAsync(stage, stage.Scaled(40, atLeast: 5), new() { ["dropAfterChargeRate"] = 0.3, ["errorAfterChargeRate"] = 0.1, ["keyInUseRate"] = 0.05 });

    internal static Task StopAsync(SoakStage stage)
    {
        var down = stage.Scaled(150, atLeast: 4);
        stage.Count("seconds that the provider was down", (int)down.TotalSeconds);
        return ForAsync(stage, down, new() { ["outage"] = true });
    }

    internal static Task SlowAsync(SoakStage stage) =>
        ForAsync(stage, stage.Scaled(30, atLeast: 4), new() { ["latency"] = "00:00:00.4", ["jitter"] = "00:00:00.8", ["hangRate"] = 0.05, ["errorRate"] = 0.05, ["rateLimit"] = 12 });

    internal static async Task KillAsync(SoakStage stage)
    {
        await stage.Target.Gateway.KillAsync();
        await stage.PauseAsync(1, 5);
        await stage.Target.StartGatewayAsync();
        await stage.SetProviderAsync([]);
    }

    internal static async Task StallAsync(SoakStage stage)
    {
        await using var script = new ScriptedProvider(() => stage.Target.Gateway.Address)
        {
            Script = question => stage.Dice.Hits(0.5) ? null : stage.Dice.Hits(0.5) ? ScriptedAnswer.Stalled(200, """{"reference":"r""") : ScriptedAnswer.Silence,
        };
        stage.Target.Script = script;
        stage.Target.Provider.CutAll();
        await Task.Delay(stage.Scaled(40, atLeast: 4), TimeProvider.System);
        stage.Count("questions to a provider that stalls", script.Questions.Count);
        stage.Target.Script = null;
    }

    private static async Task ForAsync(SoakStage stage, TimeSpan time, Dictionary<string, object> faults)
    {
        await stage.SetProviderAsync(faults);
        await Task.Delay(time, TimeProvider.System);
        await stage.SetProviderAsync([]);
    }
}
