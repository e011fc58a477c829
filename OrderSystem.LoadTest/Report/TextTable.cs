using System.Globalization;
using System.Text;

namespace OrderSystem.LoadTest.Report;

/// <summary>A table whose columns are as wide as their content.</summary>
internal static class TextTable
{
    internal static string Format(IReadOnlyList<string> header, IEnumerable<string[]> rows)
    {
        string[][] all = [[.. header], .. rows];
        var widths = header.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in all)
        {
            var cells = row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.AppendLine(string.Join("  ", cells).TrimEnd());
        }

        return text.ToString();
    }

    /// <summary>With three significant digits.</summary>
    internal static string Number(double value, string unit)
    {
        var digits = Math.Abs(value) switch { >= 100 => "#,0", >= 10 => "0.0", _ => "0.00" };
        return $"{value.ToString(digits, CultureInfo.InvariantCulture)}{(unit.Length is 0 || unit[0] == '/' ? unit : $" {unit}")}";
    }
}
