using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>
/// Constant load, and rounds of one or two faults. A round ends when its faults are healed and the system processes a new order.
/// </summary>
internal sealed class SoakRun(SoakEnvironment soak, Action<string> log) : IDisposable
{
    private const double OrdersPerSecond = 10;
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromMinutes(3);
    private readonly List<SoakFault> deck = [];

    /// <summary>
    /// A separate generator, so that a seed gives the same faults in the same order, whatever the clients draw in between.
    /// </summary>
    private readonly FaultDice choices = new(soak.Dice.Seed);
    private readonly List<SoakRound> rounds = [];

    internal SoakClients Clients { get; } = new(soak.Target, () => soak.Clock);

    internal SoakMeter Meter { get; } = new(soak);

    internal IReadOnlyList<SoakRound> Rounds => rounds;

    /// <summary>The time from the end of the load until the system was idle.</summary>
    internal TimeSpan TimeToIdle { get; private set; }

    /// <summary>Runs for the configured time, and returns the snapshot of the idle system.</summary>
    internal async Task<AuditSnapshot> RunAsync()
    {
        using var over = new CancellationTokenSource();
        using var measured = new CancellationTokenSource();
        var load = Clients.RunAsync(OrdersPerSecond, over.Token);
        var measuring = Meter.RunAsync(measured.Token);
        try
        {
            while (soak.Clock < TimeSpan.FromMinutes(soak.Minutes))
                await RoundAsync(Draw());
            await measured.CancelAsync();
            await RoundAsync(
                [
                    new("F32", "SIGTERM to every process", SoakPart.None, all =>
                        SoakProcessFaults.StopAsync(all, [.. all.Target.Apis, .. all.Target.Workers])),
                ]);
        }
        finally
        {
            await measured.CancelAsync();
            await over.CancelAsync();
            await Task.WhenAll(load, measuring);
        }

        var ended = soak.Clock;
        await soak.Target.WaitUntilIdleAsync(TimeSpan.FromMinutes(5));
        TimeToIdle = soak.Clock - ended;
        return await new AuditReader(soak.Target).ReadAsync();
    }

    public void Dispose() => Clients.Dispose();

    private async Task RoundAsync(IReadOnlyList<SoakFault> faults)
    {
        await soak.PauseAsync(0.2, 2);
        var began = soak.Clock;
        var names = string.Join(" + ", faults);
        log($"{began.TotalSeconds,6:0.0} s  {names}");
        await Task.WhenAll(faults.Select(fault => BreakAsync(fault)));
        var healed = soak.Clock;
        await Clients.ProbeAsync(LongestRecovery);
        rounds.Add(new(faults, began, healed, soak.Clock - healed));
        log($"{soak.Clock.TotalSeconds,6:0.0} s  healed after {(healed - began).TotalSeconds:0.0} s, "
            + $"an order is final {(soak.Clock - healed).TotalSeconds:0.0} s later");

        // An instance that ended without a fault has crashed.
        foreach (var service in soak.Target.Apis.Concat(soak.Target.Workers).Where(service => !Directory.Exists($"/proc/{service.Id}")))
            throw new Xunit.Sdk.XunitException($"An instance ended by itself during {names}:\n{service.Output}");
    }

    private async Task BreakAsync(SoakFault fault)
    {
        try
        {
            await fault.BreakAsync(soak);
        }
        catch (Exception failure)
        {
            throw new Xunit.Sdk.XunitException($"{fault}: {failure.Message}", failure);
        }
    }

    /// <summary>The next fault of the deck, and now and then another one that uses other parts.</summary>
    private List<SoakFault> Draw()
    {
        if (deck.Count == 0)
            deck.AddRange(SoakFaults.All.OrderBy(_ => choices.Next()));
        var drawn = new List<SoakFault> { deck[0] };
        if (choices.Hits(0.35) && deck.Find(fault => (fault.Parts & drawn[0].Parts) == SoakPart.None) is { } other)
            drawn.Add(other);
        deck.RemoveAll(drawn.Contains);
        return drawn;
    }
}

/// <param name="Faults">The faults that ran together.</param>
/// <param name="Began">When the faults began.</param>
/// <param name="Healed">When all of them were healed.</param>
/// <param name="Recovery">The time until an order that was placed after that was final.</param>
internal sealed record SoakRound(IReadOnlyList<SoakFault> Faults, TimeSpan Began, TimeSpan Healed, TimeSpan Recovery);
