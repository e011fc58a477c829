using System.Globalization;

namespace OrderSystem.LoadTest.Load;

/// <summary>How many lines orders have: <c>3</c>, or with weights <c>1:45,3:50,50:5</c>.</summary>
internal sealed record BodyMix(IReadOnlyList<(int Lines, double Weight)> Parts)
{
    private const int MaxLines = 200;

    /// <summary>Three lines: what the yardstick stores.</summary>
    internal static BodyMix Usual { get; } = new([(3, 1)]);

    internal static bool TryParse(string text, out BodyMix mix)
    {
        var parts = new List<(int, double)>();
        mix = Usual;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var fields = part.Split(':');
            var weight = 1.0;
            if (fields.Length > 2
                || !int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var lines) || lines is < 1 or > MaxLines
                || (fields.Length == 2 && (!double.TryParse(fields[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weight) || weight <= 0)))
            {
                return false;
            }

            parts.Add((lines, weight));
        }

        mix = new(parts);
        return true;
    }

    /// <summary>Numbers of lines for so many orders, each part in its proportion.</summary>
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

    public override string ToString() => string.Join(',', Parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Lines}:{part.Weight}")));
}
