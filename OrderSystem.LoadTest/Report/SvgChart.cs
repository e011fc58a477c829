using System.Globalization;
using System.Net;
using System.Text;

namespace OrderSystem.LoadTest.Report;

/// <summary>A line of a chart.</summary>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Where values lie on an axis, from 0 (left, bottom) to 1 (right, top), and which of them are written beside it.</summary>
internal sealed record Axis(string Title, Func<double, double> Place, IReadOnlyList<(double Value, string Text)> Marks)
{
    /// <summary>Begins at 0 and ends at a round number above the largest value.</summary>
    internal static Axis Linear(string title, double largest)
    {
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(largest, 1e-9))));
        var step = new[] { 0.2, 0.5, 1, 2 }.Select(part => part * magnitude).First(step => largest / step <= 6);
        var end = Math.Max(step, Math.Ceiling(largest / step) * step);
        return new(title, value => value / end, [.. Enumerable.Range(0, (int)Math.Round(end / step) + 1).Select(i => (i * step, Text(i * step)))]);
    }

    /// <summary>From the power of ten below the smallest to that above the largest.</summary>
    internal static Axis Logarithmic(string title, double smallest, double largest)
    {
        var from = (int)Math.Floor(Math.Log10(Math.Max(smallest, 0.01)));
        var to = Math.Max(from + 1, (int)Math.Ceiling(Math.Log10(Math.Max(largest, 0.01))));
        return new(title, value => (Math.Log10(Math.Max(value, 0.01)) - from) / (to - from), [.. Enumerable.Range(from, to - from + 1).Select(power => (Math.Pow(10, power), Text(Math.Pow(10, power))))]);
    }

    /// <summary>Each further nine takes the same room: that is where the slow ones are.</summary>
    internal static Axis Percentiles()
    {
        static double Nines(double percent) => -Math.Log10(1 - (Math.Min(percent, 99.99) / 100)) / 4;
        return new("percentile", Nines, [.. new[] { 0, 50, 90, 99, 99.9, 99.99 }.Select(percent => (percent, Text(percent)))]);
    }

    private static string Text(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);
}

/// <summary>A line chart as SVG, without scripts and without anything from elsewhere.</summary>
internal static class SvgChart
{
    private const int Width = 560, Height = 260, Left = 62, Right = 14, Top = 14, Bottom = 42;
    private static readonly string[] Colours = ["#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2", "#64748b"];

    internal static string Draw(string title, Axis x, Axis y, IReadOnlyList<Series> series)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{WebUtility.HtmlEncode(title)}</figcaption><svg viewBox='0 0 {Width} {Height}' role='img'>");
        foreach (var (value, text) in x.Marks)
            svg.Append(CultureInfo.InvariantCulture, $"<line class='grid' x1='{X(x, value):0.#}' x2='{X(x, value):0.#}' y1='{Top}' y2='{Height - Bottom}'/><text x='{X(x, value):0.#}' y='{Height - Bottom + 16}' text-anchor='middle'>{text}</text>");
        foreach (var (value, text) in y.Marks)
            svg.Append(CultureInfo.InvariantCulture, $"<line class='grid' x1='{Left}' x2='{Width - Right}' y1='{Y(y, value):0.#}' y2='{Y(y, value):0.#}'/><text x='{Left - 6}' y='{Y(y, value) + 4:0.#}' text-anchor='end'>{text}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x='{(Left + Width - Right) / 2}' y='{Height - 6}' text-anchor='middle'>{x.Title}</text><text transform='translate(12 {(Top + Height - Bottom) / 2}) rotate(-90)' text-anchor='middle'>{y.Title}</text>");
        for (var i = 0; i < series.Count; i++)
        {
            var points = string.Join(' ', series[i].Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(x, point.X):0.#},{Y(y, point.Y):0.#}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline points='{points}' stroke='{Colours[i % Colours.Length]}'/>");
        }

        svg.Append("</svg><p>").AppendJoin(' ', series.Select((line, i) => $"<span><b style='background:{Colours[i % Colours.Length]}'></b>{WebUtility.HtmlEncode(line.Name)}</span>"));
        return svg.Append("</p></figure>").ToString();
    }

    private static double X(Axis axis, double value) => Left + (Math.Clamp(axis.Place(value), 0, 1) * (Width - Left - Right));

    private static double Y(Axis axis, double value) => Height - Bottom - (Math.Clamp(axis.Place(value), 0, 1) * (Height - Top - Bottom));
}
