using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>
/// Writes a valid document with a few mutations: a value of another kind, a member left out, renamed, invented or duplicated.
/// </summary>
internal static class JsonMutator
{
    /// <param name="random">The random generator.</param>
    /// <param name="node">The valid document.</param>
    /// <param name="probability">The probability of a mutation of each value and member.</param>
    internal static string Write(Random random, JsonNode? node, double probability)
    {
        var json = new StringBuilder();
        Write(random, node, probability, json);
        return json.ToString();
    }

    /// <summary>The text in an encoding that the receiver may not expect.</summary>
    internal static byte[] Encode(Random random, string text) => random.Next(20) switch
    {
        0 => [0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(text)],
        1 => Encoding.Unicode.GetBytes(text),
        2 => Encoding.BigEndianUnicode.GetBytes(text),
        3 => Encoding.UTF32.GetBytes(text),
        4 => Encoding.Latin1.GetBytes(text),
        5 => HostileValues.Bytes(random, Encoding.UTF8.GetBytes(text)),
        6 => [.. Encoding.UTF8.GetBytes(text), .. Encoding.UTF8.GetBytes(text)],
        7 => [.. Encoding.UTF8.GetBytes(text), 0],
        _ => Encoding.UTF8.GetBytes(text),
    };

    private static void Write(Random random, JsonNode? node, double probability, StringBuilder json)
    {
        if (random.Hits(probability))
            json.Append(HostileValues.Json(random));
        else if (node is JsonObject members)
            WriteObject(random, members, probability, json);
        else if (node is JsonArray items)
            WriteArray(random, items, probability, json);
        else
            json.Append(node?.ToJsonString() ?? "null");
    }

    private static void WriteObject(Random random, JsonObject members, double probability, StringBuilder json)
    {
        json.Append('{');
        var first = true;
        foreach (var (name, value) in members)
        {
            if (random.Hits(probability / 2))
                continue;
            for (var times = random.Hits(probability / 2) ? 2 : 1; times > 0; times--)
            {
                Name(random.Hits(probability / 2) ? HostileValues.Text(random) : name);
                Write(random, value, probability, json);
            }
        }

        if (random.Hits(probability / 2))
        {
            Name(random.OneOf(["status", "__proto__", "$type", "ID", HostileValues.Text(random)]));
            json.Append(HostileValues.Json(random));
        }

        json.Append('}');

        void Name(string name)
        {
            json.Append(first ? "" : ",").Append(JsonSerializer.Serialize(name)).Append(':');
            first = false;
        }
    }

    private static void WriteArray(Random random, JsonArray items, double probability, StringBuilder json)
    {
        var count = random.Hits(probability / 2) ? random.Next(0, 1 << random.Next(0, 10)) : items.Count;
        json.Append('[');
        for (var i = 0; i < count; i++)
        {
            json.Append(i == 0 ? "" : ",");
            Write(
                random,
                items.Count == 0 ? JsonValue.Create(i.ToString(CultureInfo.InvariantCulture)) : items[i % items.Count],
                probability, json);
        }

        json.Append(']');
    }
}
