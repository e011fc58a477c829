using System.Globalization;

namespace OrderSystem.LoadTest.Load;

/// <summary>The number of lines per order: <c>3</c>, or with weights <c>1:45,3:50,50:5</c>.</summary>
internal sealed record BodyMix(IReadOnlyList<(int Lines, double Weight)> Parts)
{
    private const int MaxLines = 200;

    /// <summary>Three lines, as in the yardstick.</summary>
    internal static BodyMix Default { get; } = new([(3, 1)]);

    internal static bool TryParse(string text, out BodyMix mix)
    {
        var parts = new List<(int, double)>();
        mix = Default;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var fields = part.Split(':');
            var weight = 1.0;
            if (fields.Length > 2
                || !int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var lines) || lines is < 1 or > MaxLines
                || (fields.Length == 2 && !TryParseWeight(fields[1], out weight)))
            {
                return false;
            }

            parts.Add((lines, weight));
        }

        mix = new(parts);
        return true;
    }

    /// <summary>The number of lines of each of these orders, in the proportions of the parts.</summary>
    internal IEnumerable<int> LinesOf(int orders)
    {
        var all = Parts.Sum(part => part.Weight);
        var (from, share) = (0, 0.0);
        foreach (var (lines, weight) in Parts)
        {
            share += weight / all;
            var to = (int)Math.Round(orders * share);
            for (; from < to; from++)
                yield return lines;
        }
    }

    public override string ToString() =>
        string.Join(',', Parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Lines}:{part.Weight}")));

    private static bool TryParseWeight(string text, out double weight) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weight) && weight > 0;
}
