using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace OrderSystem.Tests.Model;

/// <summary>
/// The algorithm by itself, over random interleavings of its atomic steps: it keeps its invariants, and each of its guards is one that it
/// needs. On a failure FsCheck names the seed and the shortest interleaving that it found.
/// </summary>
public sealed class OrderModelTests
{
    private const int LongestRun = 90;

    /// <summary>The broker may lose what it acknowledged and forget all that it knows; the repair makes up for it.</summary>
    [Fact]
    public void With_every_guard_the_invariants_hold_whatever_the_broker_loses_repeats_or_reorders() => Check(2_500, without: null, canRepair: true);

    /// <summary>As long as the broker keeps what it acknowledged, crashes and repetitions need no repair.</summary>
    [Fact]
    public void With_every_guard_the_invariants_hold_without_repair_while_the_broker_loses_nothing() => Check(2_500, without: null, canRepair: false);

    public static TheoryData<Guard> Guards => new(Enum.GetValues<Guard>());

    [Theory]
    [MemberData(nameof(Guards))]
    public void Without_a_guard_an_interleaving_is_found_that_breaks_an_invariant(Guard guard)
    {
        // Repair heals what is acknowledged too early, and what a cancellation missed: these guards are what makes it unnecessary.
        var found = Assert.ThrowsAny<Exception>(() => Check(10_000, guard, canRepair: guard is not (Guard.AckAfterCommit or Guard.CancellationHoldsPlace or Guard.LateSuccessIsRefunded)));

        TestContext.Current.TestOutputHelper?.WriteLine(found.Message[found.Message.IndexOf("System.InvalidOperationException", StringComparison.Ordinal)..].Split('\n')[0]);
        Assert.Contains("Falsifiable", found.Message, StringComparison.Ordinal);
    }

    private static void Check(int interleavings, Guard? without, bool canRepair)
    {
        var choices = Gen.Choose(0, 1 << 20).ArrayOf(LongestRun);
        Prop.ForAll(Arb.From(choices, Shorter), run =>
        {
            if (Interleaving.Run(run, without, canRepair) is { } broken)
                throw new InvalidOperationException(broken);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(interleavings));
    }

    /// <summary>Without a piece of it, from half of it down to one choice.</summary>
    private static IEnumerable<int[]> Shorter(int[] run)
    {
        for (var length = run.Length / 2; length > 0; length /= 2)
        {
            for (var start = 0; start + length <= run.Length; start += length)
                yield return [.. run[..start], .. run[(start + length)..]];
        }
    }
}
