using System.CommandLine;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest;

/// <summary><c>compare A.json B.json</c>: the changes between two runs.</summary>
internal static class CompareCommand
{
    private static readonly Argument<string> A = new("A") { Description = "The JSON of a run." };
    private static readonly Argument<string> B = new("B") { Description = "The JSON of a later run." };

    internal static Command Create()
    {
        var compare = new Command("compare", "Shows two runs side by side. Changes below 5 % are usually noise.") { A, B };
        compare.SetAction(async (arguments, cancellationToken) =>
        {
            var a = await ReportFiles.ReadAsync(arguments.GetValue(A)!, cancellationToken);
            var b = await ReportFiles.ReadAsync(arguments.GetValue(B)!, cancellationToken);
            if (a.Machine != b.Machine)
                await Console.Out.WriteLineAsync($"Not the same machine: {a.Machine}\n                      {b.Machine}");
            await Console.Out.WriteAsync(Comparison.Print(Comparison.Of(a, b)));
            return 0;
        });
        return compare;
    }
}
