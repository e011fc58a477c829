namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Faults around the services: the identity provider, and the clock of the host.</summary>
internal static class SoakHostFaults
{
    /// <summary>An instance that has the keys keeps working. One that starts without them answers 503.</summary>
    internal static async Task StopIdentityProviderAsync(SoakEnvironment soak)
    {
        await soak.IdentityProvider.StopAsync();
        foreach (var api in soak.Target.Apis.Where(api => !soak.IsOldest(api)))
            await soak.ReplaceAsync(api, soak.Target.KillAsync);
        await Task.Delay(soak.Scaled(90, atLeast: 5), TimeProvider.System);
        await soak.IdentityProvider.StartAsync();
    }

    internal static async Task StepClockAsync(SoakEnvironment soak)
    {
        foreach (var offset in new[] { TimeSpan.FromHours(1), TimeSpan.Zero })
        {
            soak.Clocks.Set(offset);
            soak.Count("steps of the wall clock by an hour");
            await Task.Delay(soak.Scaled(20, atLeast: 3), TimeProvider.System);
        }
    }
}
