using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.LoadTest.Load;

/// <summary>
/// Serialized requests: a few hundred different orders in the proportions of the mix. Only the Idempotency-Key is written for each
/// request.
/// </summary>
internal sealed class OrderRequests
{
    private const int Variety = 400;
    private const string Digits = "0000000000000000";

    private readonly Template[] templates;

    internal OrderRequests(Uri api, string? token, BodyMix mix)
    {
        // Shuffled, but in the same order in every run.
        var random = new Random(17);
        var run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        templates = [.. mix.LinesOf(Variety).Order().Select((lines, i) => Create(api, token, run, i, lines))];
        random.Shuffle(templates);
    }

    internal int MaxLength => templates.Max(template => template.Bytes.Length);

    /// <summary>Writes the request with this number and returns its length.</summary>
    internal int Write(long number, Span<byte> destination)
    {
        var template = templates[number % templates.Length];
        template.Bytes.CopyTo(destination);
        Utf8Formatter.TryFormat(number, destination.Slice(template.NumberAt, Digits.Length), out _, new('x', (byte)Digits.Length));
        return template.Bytes.Length;
    }

    private static Template Create(Uri api, string? token, string run, int number, int lines)
    {
        var body = Body(number, lines);
        var authorization = token is null ? "" : $"Authorization: Bearer {token}\r\n";
        var head = $"POST {new Uri(api, "/orders").PathAndQuery} HTTP/1.1\r\nHost: {api.Authority}\r\n{authorization}"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\nIdempotency-Key: load-{run}-";
        return new(Encoding.ASCII.GetBytes($"{head}{Digits}\r\n\r\n{body}"), head.Length);
    }

    private static string Body(int number, int lines)
    {
        var items = Enumerable.Range(1, lines).Select(line =>
        {
            var price = (4.99m + ((number * 7 + line * 13) % 60)).ToString(CultureInfo.InvariantCulture);
            return $$"""{"sku":"SKU-{{line}}","quantity":{{1 + ((number + line) % 3)}},"unitPrice":{{price}}}""";
        });
        return $$"""{"customerId":"c-{{number}}","currency":"EUR","items":[{{string.Join(',', items)}}]}""";
    }

    private sealed record Template(byte[] Bytes, int NumberAt);
}
