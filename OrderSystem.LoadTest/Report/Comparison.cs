using System.Globalization;

namespace OrderSystem.LoadTest.Report;

/// <summary>Two runs side by side, by the names of their figures.</summary>
internal sealed record Comparison(string Name, string Unit, double? A, double? B, bool? MoreIsBetter)
{
    /// <summary>Smaller changes are noise more often than not.</summary>
    private const double Noise = 0.05;

    /// <summary>B's part more or less than A; null where there is nothing to divide by.</summary>
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
        rows.Select(row => new[] { row.Name, Number(row.A, row.Unit), Number(row.B, row.Unit), row.Change?.ToString("+0.0 %;-0.0 %;0.0 %", CultureInfo.InvariantCulture) ?? "", row.Verdict }));

    private static double? Value(IReadOnlyList<Figure> figures, string name) => figures.FirstOrDefault(figure => figure.Name == name)?.Value;

    private static string Number(double? value, string unit) => value is { } number ? TextTable.Number(number, unit) : "-";
}
