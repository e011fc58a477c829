namespace OrderSystem.Tests.Model;

/// <summary>
/// Takes the steps that random numbers choose, then lets the system recover, and reports the first invariant that breaks.
/// </summary>
internal static class Interleaving
{
    private const int MaxFaults = 6;
    private const int MaxSteps = 3_000;
    private const int MaxRepublishes = 12;

    /// <summary>Null, or the steps that were taken and what they broke.</summary>
    internal static string? Run(IEnumerable<int> choices, Safeguard? without, bool canRepair)
    {
        var world = new World(without, canRepair);
        var invariants = new Invariants(world);
        var taken = new List<Step>();
        var faults = 0;
        foreach (var choice in choices)
        {
            // Every fifth number selects a fault, up to the maximum.
            var wantsFault = choice % 5 == 0 && faults < MaxFaults;
            Step[] steps = [.. wantsFault ? world.Faults() : world.Enabled()];
            if (steps.Length == 0)
                continue;
            faults += wantsFault ? 1 : 0;
            if (Take(steps[choice / 5 % steps.Length]) is { } broken)
                return Describe(taken, broken);
        }

        taken.Add(new(StepKind.Recovers));
        world.LetTimePass();
        return Recover(world, Take) is { } stuck ? Describe(taken, stuck)
            : invariants.WhenIdle() is { } disagreement ? Describe(taken, disagreement)
            : null;

        string? Take(Step step)
        {
            taken.Add(step);
            world.Take(step);
            return invariants.AfterStep();
        }
    }

    /// <summary>
    /// Takes steps without faults: every process makes all the progress it
    /// can, then leases expire, and finally stalled orders are republished.
    /// </summary>
    private static string? Recover(World world, Func<Step, string?> take)
    {
        var republishes = 0;
        for (var turn = 0; turn < MaxSteps; turn++)
        {
            // A new charge succeeds, or is declined in every second turn, so that both occur.
            var steps = world.Enabled().Where(step =>
                step.What is not (StepKind.Place or StepKind.Cancel or StepKind.RequestRefund)
                && (step.What != StepKind.ChargeDeclines || turn % 2 == 0)).ToList();
            var next = steps.Where(step => step.What < StepKind.RowLeaseEnds).Select(step => (Step?)step)
                    .MinBy(step => (
                        step!.Value.What is StepKind.Reconcile or StepKind.ReconcilePart, (turn * 7 + (int)step.Value.What) % 31))
                ?? steps.Where(step => step.What < StepKind.RepublishStalled).Select(step => (Step?)step).MinBy(step => step!.Value.What)
                ?? steps.Where(_ => ++republishes <= MaxRepublishes).Select(step => (Step?)step).FirstOrDefault();
            if (next is null)
                return null;
            if (take(next.Value) is { } broken)
                return broken;
        }

        return "the system does not become idle";
    }

    private static string Describe(List<Step> taken, string broken) => $"{broken}, after {string.Join(' ', taken)}";
}
