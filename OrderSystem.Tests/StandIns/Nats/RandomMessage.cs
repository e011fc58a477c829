using System.Globalization;
using System.Text;
using NATS.Client.Core;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>A message with everything that makes parsing hard: any bytes in the payload, line ends included, and any legal header.</summary>
internal sealed record RandomMessage(string Subject, string? ReplyTo, Dictionary<string, string>? Headers, byte[] Payload)
{
    public byte[] Bytes
    {
        get
        {
            var headers = Headers is null ? string.Empty : $"NATS/1.0\r\n{string.Concat(Headers.Select(header => $"{header.Key}: {header.Value}\r\n"))}\r\n";
            var sizes = Headers is null
                ? Payload.Length.ToString(CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"{headers.Length} {headers.Length + Payload.Length}");
            var line = $"{(Headers is null ? "MSG" : "HMSG")} {Subject} 2 {(ReplyTo is null ? string.Empty : ReplyTo + " ")}{sizes}\r\n";
            return [.. Encoding.ASCII.GetBytes(line + headers), .. Payload, .. "\r\n"u8];
        }
    }

    public static RandomMessage Create(Random random)
    {
        var payload = new byte[random.Next(4) == 0 ? 0 : random.Next(1, random.Next(8) == 0 ? 50_000 : 300)];
        random.NextBytes(payload);
        if (random.Next(3) == 0)
            payload.AsSpan().Fill((byte)(random.Next(2) == 0 ? '\r' : '\n'));
        var headers = random.Next(2) == 0
            ? null
            : Enumerable.Range(0, random.Next(0, 6)).ToDictionary(i => string.Create(CultureInfo.InvariantCulture, $"{Text(random, 33, "!")}{i}"), _ => Text(random, 33, string.Empty));
        return new RandomMessage($"s.{Text(random, 48, "x").Replace(":", string.Empty, StringComparison.Ordinal)}", random.Next(2) == 0 ? $"_INBOX.{random.Next()}" : null, headers, payload);
    }

    public bool Matches(NatsMsg<byte[]> msg) =>
        msg.Subject == Subject
        && msg.ReplyTo == ReplyTo
        && Payload.AsSpan().SequenceEqual(msg.Data)
        && (Headers?.Count ?? 0) == (msg.Headers?.Count ?? 0)
        && (Headers is null || Headers.All(header => msg.Headers![header.Key] == header.Value));

    private static string Text(Random random, int from, string atLeast) =>
        atLeast + new string([.. Enumerable.Range(0, random.Next(0, 30)).Select(_ => (char)random.Next(from, 127)).Where(c => c != ':')]);
}
