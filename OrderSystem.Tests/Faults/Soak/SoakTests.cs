using System.Globalization;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>
/// All faults at random. As one of all tests it is short, to show that its machinery works; <c>./test.sh --soak MINUTES</c> makes it as long
/// as it says. FAULT_SEED repeats the same faults in the same order.
/// </summary>
public sealed class SoakTests
{
    private static readonly double Minutes =
        double.TryParse(Environment.GetEnvironmentVariable("SOAK_MINUTES"), CultureInfo.InvariantCulture, out var minutes) ? minutes : 0.5;

    [Fact]
    public async Task All_faults_at_random_leave_every_order_settled_and_none_charged_twice()
    {
        await using var stage = await SoakStage.StartAsync(Minutes);
        using var run = new SoakRun(stage, line => TestContext.Current.TestOutputHelper?.WriteLine(line));
        AuditSnapshot? snapshot = null;
        var wrong = new List<string>();
        try
        {
            snapshot = await run.RunAsync();
            wrong.AddRange(AuditRules.Check(snapshot, stage.Target.Load.History, new() { StreamsWereLost = stage.StoreWasLost }));
            wrong.AddRange(SoakHistoryRules.Check(run.Clients.Journeys, snapshot));
            wrong.AddRange(run.Meter.Growing);
            if (stage.Rules.DeadLetters > 0)
                wrong.Add($"I7 {stage.Rules.DeadLetters} messages became dead letters");
        }
        catch (Exception failure)
        {
            wrong.Add(failure.ToString());
        }

        var report = await new SoakReport(stage, run).WriteAsync(snapshot, wrong);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        Assert.True(wrong.Count == 0, $"FAULT_SEED={stage.Dice.Seed}: {string.Join('\n', wrong)}");
    }
}
