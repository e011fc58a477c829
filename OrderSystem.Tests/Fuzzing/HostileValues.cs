using System.Globalization;
using System.Text;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>Unusual and hostile values.</summary>
internal static class HostileValues
{
    private static readonly string[] Texts =
    [
        "", " ", "\0", "a\0b", "\r\n", "a\r\nX-Injected: 1", "\t", "\u001b[2J", "\u007f", "\u200b", "\u202e", "\ufeff", "\ufffd",
        "\ud800", "\udc00x", "é", "e\u0301", "😀", "ﷺ", "İ", "ß",
        "null", "true", "NaN", "-0", "0", "1e400", "undefined", "[]", "{}", "a.>", "*", "$JS.API.STREAM.DELETE.ORDERS",
        "_INBOX.x", "../../etc/passwd", "/", "\\", "%00", "%", "%zz", "+",
        "'", "\"", "';--", "' OR '1'='1", "{0}", "${jndi:x}", "<script>", "{{7*7}}", "%s%n",
        "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "99999999999999999999", "-1", "0x10", "1,5", "1_000",
        "00-00000000000000000000000000000000-0000000000000000-00", "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff", "ff-0-0-0",
    ];

    private static readonly string[] Literals =
    [
        "null", "true", "false", "0", "-0", "-1", "1", "1.0", "0.1", "0.001",
        "1e3", "1E-3", "1e400", "-1e400", "1e-400", "2147483647", "2147483648", "-2147483649",
        "9223372036854775808", "79228162514264337593543950335", "79228162514264337593543950336", "0.00000000000000000000000000001",
        "99999999999999999999999999999999999999",
        "NaN", "Infinity", "01", "+1", ".5", "1.", "0x1", "1_0", "\"\"", "\"1\"",
        "[]", "{}", "[[]]", "{\"a\":1}", "\"\\ud800\"", "\"\\u0000\"", "\"\\x\"", "'a'", "//", "", "[1,]", "{\"a\":}",
    ];

    internal static T OneOf<T>(this Random random, IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    internal static bool Hits(this Random random, double probability) => random.NextDouble() < probability;

    /// <summary>Text that is empty, long, a control character, or has a meaning in another language or protocol.</summary>
    internal static string Text(Random random) => random.Next(8) switch
    {
        0 => new string(random.OneOf("aé\u0000 .%".ToCharArray()), 1 << random.Next(0, 15)),
        1 => string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => (char)random.Next(0, 0x10000))),
        2 => string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => (char)random.Next(0, 128))),
        3 => random.OneOf(Texts) + random.OneOf(Texts),
        4 => random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
        _ => random.OneOf(Texts),
    };

    /// <summary>Text without line ends and NUL, as a line of a protocol can hold it.</summary>
    internal static string Line(Random random) => string.Concat(Text(random).Where(character => character is not ('\r' or '\n' or '\0')));

    /// <summary>Valid or invalid text in the place of a JSON value.</summary>
    internal static string Json(Random random) => random.Next(7) switch
    {
        0 => System.Text.Json.JsonSerializer.Serialize(Printable(Text(random))),
        1 => new string('[', 1 << random.Next(0, 12)),
        2 => $"{new string('[', random.Next(1, 70))}{new string(']', random.Next(1, 70))}",
        3 => $"\"{Text(random)}\"",
        4 => "\"a\\u0000b\"",
        _ => random.OneOf(Literals),
    };

    /// <summary>The bytes with a few mutations: flipped, cut, doubled, moved, replaced.</summary>
    internal static byte[] Bytes(Random random, byte[] original)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var (at, length) = (random.Next(bytes.Count + 1), random.Next(1, 1 << random.Next(1, 7)));
            var piece = bytes.Skip(at).Take(length).ToArray();
            switch (random.Next(7))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, piece.Length);
                    break;
                case 2:
                    bytes.InsertRange(at, piece);
                    break;
                case 3:
                    bytes.InsertRange(random.Next(bytes.Count + 1), piece);
                    break;
                case 4:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Text(random)));
                    break;
                case 5 when at < bytes.Count:
                    bytes[at] = random.OneOf<byte>(
                        [0, (byte)'\r', (byte)'\n', (byte)' ', (byte)'-', (byte)'9', (byte)':', 0x7f, 0x80, 0xff]);
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>A printable and bounded form of the bytes, for messages.</summary>
    internal static string Show(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var one in bytes[..Math.Min(bytes.Length, 2_000)])
            text.Append(one is >= 32 and < 127 ? ((char)one).ToString() : $"\\x{one:x2}");
        return bytes.Length > 2_000 ? $"{text}… ({bytes.Length} bytes)" : text.ToString();
    }

    private static string Printable(string text) => text.Length > 5_000 ? text[..5_000] : text;
}
