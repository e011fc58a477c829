using System.Globalization;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>
/// All faults in random order. In the test suite the soak is short, to show that its machinery works; <c>./test.sh --soak MINUTES</c> sets
/// its duration, which each provider takes. FAULT_SEED repeats the same faults in the same order.
/// </summary>
public sealed class SoakTests
{
    private static readonly double Minutes =
        double.TryParse(Environment.GetEnvironmentVariable("SOAK_MINUTES"), CultureInfo.InvariantCulture, out var minutes) ? minutes : 0.5;

    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task Random_faults_leave_every_order_final_and_none_charged_twice(string provider)
    {
        await using var soak = await SoakEnvironment.StartAsync(Minutes, provider);
        using var run = new SoakRun(soak, line => TestContext.Current.TestOutputHelper?.WriteLine(line));
        AuditSnapshot? snapshot = null;
        var wrong = new List<string>();
        try
        {
            snapshot = await run.RunAsync();
            wrong.AddRange(AuditRules.Check(snapshot, soak.Target.Load.History, new() { StreamsWereLost = soak.StoreWasLost }));
            wrong.AddRange(SoakHistoryRules.Check(run.Clients.Journeys, snapshot));
            wrong.AddRange(run.Meter.Growing);
            if (soak.Rules.DeadLetters > 0)
                wrong.Add($"I7 {soak.Rules.DeadLetters} messages became dead letters");
        }
        catch (Exception failure)
        {
            wrong.Add(failure.ToString());
        }

        var report = await new SoakReport(soak, run).WriteAsync(snapshot, wrong);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        Assert.True(wrong.Count == 0, $"FAULT_SEED={soak.Dice.Seed}: {string.Join('\n', wrong)}");
    }
}
