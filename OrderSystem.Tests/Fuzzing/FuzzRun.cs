using System.Diagnostics;
using System.Globalization;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>
/// Runs inputs against one target until its time is over. Input n of a seed is always the same one,
/// however many were run. In the test suite it is short; <c>./test.sh --fuzz MINUTES [--seed SEED]</c>
/// sets its duration. The number of inputs is written to artifacts/fuzz, and test.sh prints it.
/// </summary>
internal sealed class FuzzRun(string target, double usualSeconds)
{
    private const int DefaultSeed = 20_261;

    private static readonly int Seed =
        int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), CultureInfo.InvariantCulture, out var given) ? given : DefaultSeed;

    private readonly TimeSpan budget = double.TryParse(
        Environment.GetEnvironmentVariable("FUZZ_MINUTES"), CultureInfo.InvariantCulture, out var minutes)
        ? TimeSpan.FromMinutes(minutes)
        : TimeSpan.FromSeconds(usualSeconds);

    private int next;
    private int tried;

    /// <summary>Runs inputs, several at once. The first failure ends the run and names its input.</summary>
    internal async Task RunAsync(Func<FuzzInput, Task> attempt, int lanes = 1)
    {
        var started = Stopwatch.GetTimestamp();
        using var failed = new CancellationTokenSource();
        await Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => Task.Run(LaneAsync)));
        await ReportAsync(Stopwatch.GetElapsedTime(started));

        async Task LaneAsync()
        {
            while (Stopwatch.GetElapsedTime(started) < budget && !failed.IsCancellationRequested)
            {
                var number = Interlocked.Increment(ref next);
                var input = new FuzzInput(number, new Random(unchecked((Seed * 1_000_003) + number)));
                try
                {
                    await attempt(input);
                    Interlocked.Increment(ref tried);
                }
                catch (Exception failure)
                {
                    await failed.CancelAsync();
                    throw new Xunit.Sdk.XunitException(
                        $"{target}: input {number} of seed {Seed} failed: {failure.Message}\n{input.Text}",
                        failure);
                }
            }
        }
    }

    private async Task ReportAsync(TimeSpan elapsed)
    {
        Assert.True(tried > 0, $"{target}: no input was tried.");
        var line = string.Create(
            CultureInfo.InvariantCulture, $"fuzz {target}: {tried:N0} inputs in {elapsed.TotalSeconds:0.0} s, seed {Seed}");
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        var folder = Directory.CreateDirectory(Path.Combine(Solution.Root, "artifacts", "fuzz"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"{target}.txt"), line + "\n");
    }
}

/// <summary>One input, and the random generator that it is generated from.</summary>
internal sealed class FuzzInput(int number, Random random)
{
    internal int Number => number;

    internal Random Random => random;

    /// <summary>The generated input, for the message of a failure.</summary>
    internal string Text { get; set; } = "";
}
