using System.Globalization;

namespace OrderSystem.LoadTest.Report;

/// <summary>One figure of two runs.</summary>
internal sealed record Comparison(string Name, string Unit, double? A, double? B, bool? MoreIsBetter)
{
    /// <summary>Smaller changes are usually noise.</summary>
    private const double Noise = 0.05;

    /// <summary>The relative change from A to B; null if there is none.</summary>
    internal double? Change => A is { } a and not 0 && B is { } b ? (b - a) / a : null;

    internal string Verdict => (Change, MoreIsBetter) switch
    {
        ({ } change, { } more) when Math.Abs(change) >= Noise => change > 0 == more ? "better" : "worse",
        _ => "",
    };

    internal static IReadOnlyList<Comparison> Of(RunReport a, RunReport b)
    {
        var (ofA, ofB) = (Figures.All(a), Figures.All(b));
        return
        [
            .. ofA.UnionBy(ofB, figure => figure.Name).Select(figure => new Comparison(
                figure.Name, figure.Unit, Value(ofA, figure.Name), Value(ofB, figure.Name), figure.MoreIsBetter)),
        ];
    }

    internal static string Print(IReadOnlyList<Comparison> rows) => TextTable.Format(
        ["", "A", "B", "CHANGE", ""],
        rows.Select(row => new[] { row.Name, Number(row.A, row.Unit), Number(row.B, row.Unit), Percent(row.Change), row.Verdict }));

    private static string Percent(double? change) => change?.ToString("+0.0 %;-0.0 %;0.0 %", CultureInfo.InvariantCulture) ?? "";

    private static double? Value(IReadOnlyList<Figure> figures, string name) =>
        figures.FirstOrDefault(figure => figure.Name == name)?.Value;

    private static string Number(double? value, string unit) => value is { } number ? TextTable.Number(number, unit) : "-";
}
