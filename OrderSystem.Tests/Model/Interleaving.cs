namespace OrderSystem.Tests.Model;

/// <summary>Takes the steps that random numbers choose, then lets everything heal, and says what went wrong on the way.</summary>
internal static class Interleaving
{
    private const int MostFaults = 6;
    private const int MostSteps = 3_000;
    private const int MostSweeps = 12;

    /// <summary>Null, or the steps that were taken and what they broke.</summary>
    internal static string? Run(IEnumerable<int> choices, Guard? without, bool canRepair)
    {
        var world = new World(without, canRepair);
        var invariants = new Invariants(world);
        var taken = new List<Step>();
        var faults = 0;
        foreach (var choice in choices)
        {
            // Every fifth number asks for a fault, for as long as there may be one.
            var wantsFault = choice % 5 == 0 && faults < MostFaults;
            Step[] steps = [.. wantsFault ? world.Faults() : world.Enabled()];
            if (steps.Length == 0)
                continue;
            faults += wantsFault ? 1 : 0;
            if (Take(steps[choice / 5 % steps.Length]) is { } broken)
                return Tell(taken, broken);
        }

        taken.Add(new(Do.Heals));
        world.LetTimePass();
        return Heal(world, Take) is { } stuck ? Tell(taken, stuck)
            : invariants.AtRest() is { } disagreement ? Tell(taken, disagreement)
            : null;

        string? Take(Step step)
        {
            taken.Add(step);
            world.Take(step);
            return invariants.AfterStep();
        }
    }

    /// <summary>Nothing goes wrong any more and everybody gets a turn: who can do something does it, then time passes, at last the sweeper runs.</summary>
    private static string? Heal(World world, Func<Step, string?> take)
    {
        var sweeps = 0;
        for (var turn = 0; turn < MostSteps; turn++)
        {
            // A charge that the provider has not seen yet succeeds or not by its order: both are found.
            var steps = world.Enabled().Where(step => step.What is not (Do.Place or Do.Cancel) && (step.What != Do.ChargeDeclines || turn % 2 == 0)).ToList();
            var next = steps.Where(step => step.What < Do.RowLeaseEnds).Select(step => (Step?)step).MinBy(step => (step!.Value.What == Do.Reconcile, (turn * 7 + (int)step.Value.What) % 31))
                ?? steps.Where(step => step.What < Do.Sweep).Select(step => (Step?)step).MinBy(step => step!.Value.What)
                ?? steps.Where(_ => ++sweeps <= MostSweeps).Select(step => (Step?)step).FirstOrDefault();
            if (next is null)
                return null;
            if (take(next.Value) is { } broken)
                return broken;
        }

        return "it does not come to rest";
    }

    private static string Tell(List<Step> taken, string broken) => $"{broken}, after {string.Join(' ', taken)}";
}
