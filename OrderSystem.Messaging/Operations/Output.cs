using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace OrderSystem.Messaging.Operations;

/// <summary>What a command prints: columns for people, or JSON for programs.</summary>
public static class Output
{
    /// <summary>Prints JSON, as the HTTP answer has it and indented.</summary>
    public static Task JsonAsync<T>(T value, JsonSerializerContext json)
    {
        var indented = new JsonSerializerOptions(json.Options) { WriteIndented = true };
        return Console.Out.WriteLineAsync(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)indented.GetTypeInfo(typeof(T))));
    }

    /// <summary>Prints a table, each column as wide as its widest cell.</summary>
    public static async Task TableAsync(string[] headers, IEnumerable<string[]> rows)
    {
        string[][] all = [headers, .. rows];
        var widths = headers.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        foreach (var row in all)
            await Console.Out.WriteLineAsync(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>A time as tables show it.</summary>
    public static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
