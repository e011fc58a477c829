using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OrderSystem.OrderApi.Ops.Commands;

/// <summary>What a command prints: columns for people, or JSON for programs.</summary>
internal static class Output
{
    private static readonly JsonSerializerOptions Indented = new(OpsJson.Default.Options) { WriteIndented = true };

    internal static Task JsonAsync<T>(T value) => Console.Out.WriteLineAsync(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Indented.GetTypeInfo(typeof(T))));

    internal static async Task TableAsync(string[] headers, IEnumerable<string[]> rows)
    {
        string[][] all = [headers, .. rows];
        var widths = headers.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        foreach (var row in all)
            await Console.Out.WriteLineAsync(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    internal static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
