using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrderSystem.OrderApi.Orders;

/// <summary>
/// Reads a JSON number exactly, in all forms that JSON allows (<c>100</c>, <c>1e2</c>, <c>100.00</c>, <c>-0</c>). System.Text.Json rounds a
/// number with more digits than a decimal holds; here that is an error, because an amount is never rounded.
/// </summary>
internal sealed class ExactDecimal : JsonConverter<decimal>
{
    /// <summary>Digits after the point that a decimal holds.</summary>
    private const int MaxDecimals = 28;

    /// <summary>Larger than the number of zeros in any accepted body.</summary>
    private const int MaxExponent = 1_000_000;
    private static readonly BigInteger Largest = (BigInteger.One << 96) - 1;

    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.Number)
            throw new JsonException("The value could not be converted to a number.");
        return TryRead(Encoding.ASCII.GetString(reader.ValueSpan), out var value)
            ? value
            : throw new JsonException("The value could not be converted to a number without rounding it.");
    }

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

    /// <param name="text">A number by the grammar of JSON.</param>
    /// <param name="value">The same number.</param>
    /// <returns>False when a decimal cannot hold it exactly.</returns>
    internal static bool TryRead(ReadOnlySpan<char> text, out decimal value)
    {
        value = 0;
        var exponentAt = text.IndexOfAny('e', 'E');
        var mantissa = exponentAt < 0 ? text : text[..exponentAt];
        var point = mantissa.IndexOf('.');
        var digits = string.Concat(
            point < 0 ? mantissa : mantissa[..point], point < 0 ? [] : mantissa[(point + 1)..]).TrimStart('-').TrimStart('0');
        var significant = digits.TrimEnd('0');
        if (significant.Length == 0)
            return true;

        var exponent = 0L;
        if (exponentAt >= 0
            && !(long.TryParse(text[(exponentAt + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
                && Math.Abs(exponent) <= MaxExponent))
            return false;

        // Zeros and an exponent may cancel each other out.
        var scale = (point < 0 ? 0 : mantissa.Length - point - 1) - (digits.Length - significant.Length) - exponent;
        if (significant.Length > MaxDecimals + 1 || scale > MaxDecimals || scale < -MaxDecimals)
            return false;
        var number = BigInteger.Parse(significant, CultureInfo.InvariantCulture) * BigInteger.Pow(10, (int)Math.Max(0, -scale));
        if (number > Largest)
            return false;
        Span<int> bits = stackalloc int[4];
        decimal.GetBits((decimal)number, bits);
        value = new(bits[0], bits[1], bits[2], text[0] == '-', (byte)Math.Max(0, scale));
        return true;
    }
}
