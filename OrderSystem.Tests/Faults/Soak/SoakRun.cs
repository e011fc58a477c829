using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Load all the time; round after round one or two faults, healed, and the way free again before the next.</summary>
internal sealed class SoakRun(SoakStage stage, Action<string> say) : IDisposable
{
    private const double OrdersPerSecond = 10;
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromMinutes(3);
    private readonly List<SoakFault> deck = [];

    /// <summary>Of its own, so that a seed means the same faults in the same order, however the clients' requests fall among them.</summary>
    private readonly FaultDice choices = new(stage.Dice.Seed);
    private readonly List<SoakRound> rounds = [];

    internal SoakClients Clients { get; } = new(stage.Target, () => stage.Clock);

    internal SoakMeter Meter { get; } = new(stage);

    internal IReadOnlyList<SoakRound> Rounds => rounds;

    /// <summary>From the end of the load until nothing was under way any more.</summary>
    internal TimeSpan Rest { get; private set; }

    /// <summary>Runs for the time, and returns what everybody says when the system is at rest.</summary>
    internal async Task<AuditSnapshot> RunAsync()
    {
        using var over = new CancellationTokenSource();
        using var measured = new CancellationTokenSource();
        var load = Clients.RunAsync(OrdersPerSecond, over.Token);
        var measuring = Meter.RunAsync(measured.Token);
        try
        {
            while (stage.Clock < TimeSpan.FromMinutes(stage.Minutes))
                await RoundAsync(Draw());
            await measured.CancelAsync();
            await RoundAsync([new("F32", "SIGTERM to every process", SoakPart.None, all => SoakProcessFaults.StopAsync(all, [.. all.Target.Apis, .. all.Target.Workers]))]);
        }
        finally
        {
            await measured.CancelAsync();
            await over.CancelAsync();
            await Task.WhenAll(load, measuring);
        }

        var ended = stage.Clock;
        await stage.Target.RestAsync(TimeSpan.FromMinutes(5));
        Rest = stage.Clock - ended;
        return await new AuditReader(stage.Target).ReadAsync();
    }

    public void Dispose() => Clients.Dispose();

    private async Task RoundAsync(IReadOnlyList<SoakFault> faults)
    {
        await stage.PauseAsync(0.2, 2);
        var began = stage.Clock;
        var names = string.Join(" + ", faults);
        say($"{began.TotalSeconds,6:0.0} s  {names}");
        await Task.WhenAll(faults.Select(fault => BreakAsync(fault)));
        var healed = stage.Clock;
        await Clients.ProbeAsync(LongestRecovery);
        rounds.Add(new(faults, began, healed, stage.Clock - healed));
        say($"{stage.Clock.TotalSeconds,6:0.0} s  healed after {(healed - began).TotalSeconds:0.0} s, an order is settled {(stage.Clock - healed).TotalSeconds:0.0} s later");

        // Who ends without being asked to has crashed.
        foreach (var service in stage.Target.Apis.Concat(stage.Target.Workers).Where(service => !Directory.Exists($"/proc/{service.Id}")))
            throw new Xunit.Sdk.XunitException($"An instance ended by itself during {names}:\n{service.Output}");
    }

    private async Task BreakAsync(SoakFault fault)
    {
        try
        {
            await fault.BreakAsync(stage);
        }
        catch (Exception failure)
        {
            throw new Xunit.Sdk.XunitException($"{fault}: {failure.Message}", failure);
        }
    }

    /// <summary>The next of the deck, and now and then with it one that it leaves room for.</summary>
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

/// <param name="Faults">What was broken together.</param>
/// <param name="Began">When.</param>
/// <param name="Healed">When nothing was broken any more.</param>
/// <param name="Recovery">Until an order that was placed after that was settled.</param>
internal sealed record SoakRound(IReadOnlyList<SoakFault> Faults, TimeSpan Began, TimeSpan Healed, TimeSpan Recovery);
