using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace OrderSystem.Tests.Model;

/// <summary>
/// The algorithm in isolation, over random interleavings of its atomic steps: the invariants hold, and each of the safeguards is necessary.
/// On a failure FsCheck names the seed and the shortest interleaving that it found.
/// </summary>
[Fast]
public sealed class OrderModelTests
{
    private const int LongestRun = 90;

    /// <summary>
    /// The search ends with the first counterexample; the rarest takes thousands of interleavings, in some runs more than ten thousand.
    /// </summary>
    private const int MaxSearch = 200_000;

    /// <summary>The broker may lose acknowledged messages and its whole store; the repair compensates for that.</summary>
    [Fact]
    public void With_all_safeguards_the_invariants_hold_whatever_the_broker_loses_repeats_or_reorders() =>
        Check(2_500, without: null, canRepair: true);

    /// <summary>As long as the broker keeps what it has acknowledged, crashes and redeliveries need no repair.</summary>
    [Fact]
    public void With_all_safeguards_the_invariants_hold_without_repair_if_the_broker_loses_nothing() =>
        Check(2_500, without: null, canRepair: false);

    public static TheoryData<Safeguard> Safeguards => new(Enum.GetValues<Safeguard>());

    [Theory]
    [MemberData(nameof(Safeguards))]
    public void Without_any_one_safeguard_an_interleaving_breaks_an_invariant(Safeguard safeguard)
    {
        // Repair would hide that these safeguards are missing: it recovers messages
        // that were acknowledged too early and cancellations without effect.
        var canRepair = safeguard is not (
            Safeguard.AckAfterCommit or Safeguard.CancellationCreatesPayment or Safeguard.LateSuccessIsRefunded);
        var found = Assert.ThrowsAny<Exception>(() => Check(MaxSearch, safeguard, canRepair));

        TestContext.Current.TestOutputHelper?.WriteLine(
            found.Message[found.Message.IndexOf("System.InvalidOperationException", StringComparison.Ordinal)..].Split('\n')[0]);
        Assert.Contains("Falsifiable", found.Message, StringComparison.Ordinal);
    }

    private static void Check(int interleavings, Safeguard? without, bool canRepair)
    {
        var choices = Gen.Choose(0, 1 << 20).ArrayOf(LongestRun);
        Prop.ForAll(Arb.From(choices, Shrink), run =>
        {
            if (Interleaving.Run(run, without, canRepair) is { } broken)
                throw new InvalidOperationException(broken);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(interleavings));
    }

    /// <summary>The run without one slice, from half of the run down to a single choice.</summary>
    private static IEnumerable<int[]> Shrink(int[] run)
    {
        for (var length = run.Length / 2; length > 0; length /= 2)
        {
            for (var start = 0; start + length <= run.Length; start += length)
                yield return [.. run[..start], .. run[(start + length)..]];
        }
    }
}
