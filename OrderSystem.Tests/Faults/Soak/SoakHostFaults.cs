namespace OrderSystem.Tests.Faults.Soak;

/// <summary>What can go wrong around the services: who issues their clients' tokens, and the clock of their host.</summary>
internal static class SoakHostFaults
{
    /// <summary>An instance that has the keys goes on; one that starts without them asks its clients to come again.</summary>
    internal static async Task StopIdentityProviderAsync(SoakStage stage)
    {
        await stage.IdentityProvider.StopAsync();
        foreach (var api in stage.Target.Apis.Where(api => !stage.IsOldest(api)))
            await stage.ReplaceAsync(api, stage.Target.KillAsync);
        await Task.Delay(stage.Scaled(90, atLeast: 5), TimeProvider.System);
        await stage.IdentityProvider.StartAsync();
    }

    internal static async Task StepClockAsync(SoakStage stage)
    {
        foreach (var offset in new[] { TimeSpan.FromHours(1), TimeSpan.Zero })
        {
            stage.Clocks.Set(offset);
            stage.Count("steps of the wall clock by an hour");
            await Task.Delay(stage.Scaled(20, atLeast: 3), TimeProvider.System);
        }
    }
}
