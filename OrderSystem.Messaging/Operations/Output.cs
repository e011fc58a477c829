using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace OrderSystem.Messaging.Operations;

/// <summary>Output of operator commands: tables for people, JSON for programs.</summary>
public static class Output
{
    /// <summary>Prints the JSON of the HTTP response, indented.</summary>
    public static Task JsonAsync<T>(T value, JsonSerializerContext json)
    {
        var indented = new JsonSerializerOptions(json.Options) { WriteIndented = true };
        return Console.Out.WriteLineAsync(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)indented.GetTypeInfo(typeof(T))));
    }

    /// <summary>Prints a table with aligned columns.</summary>
    public static async Task TableAsync(string[] headers, IEnumerable<string[]> rows)
    {
        string[][] all = [headers, .. rows];
        var widths = headers.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        foreach (var row in all)
            await Console.Out.WriteLineAsync(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>Formats a time for tables, in UTC.</summary>
    public static string Text(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
