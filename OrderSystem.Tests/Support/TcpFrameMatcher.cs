using System.Globalization;
using System.Text;

namespace OrderSystem.Tests.Support;

/// <summary>Recognises the frames of NATS and PostgreSQL that scenarios act on.</summary>
internal static class TcpFrameMatcher
{
    /// <summary>
    /// The acknowledgement of a JetStream publish: a message to the inbox of a
    /// user, with a stream and a sequence, that is not a typed response of the API.
    /// </summary>
    internal static bool IsPublishAck(ReadOnlySpan<byte> frame) =>
        (frame.StartsWith("MSG _INBOX."u8) || frame.StartsWith("MSG _INBOX_"u8))
        && frame.IndexOf("\"stream\":"u8) > 0 && frame.IndexOf("\"seq\":"u8) > 0 && frame.IndexOf("\"type\":"u8) < 0;

    /// <summary>The acknowledgement of a publish whose message id the stream already has.</summary>
    internal static bool IsDuplicateAck(ReadOnlySpan<byte> frame) =>
        IsPublishAck(frame) && (frame.Contains("\"duplicate\":true"u8) || frame.Contains("\"duplicate\": true"u8));

    /// <summary>
    /// The reply subject of a message that is delivered to a consumer,
    /// $JS.ACK.stream.consumer.delivery.sequence…; null for any other frame.
    /// </summary>
    internal static string? AckSubjectOf(ReadOnlySpan<byte> frame)
    {
        if (!frame.StartsWith("HMSG "u8) && !frame.StartsWith("MSG "u8))
            return null;
        var line = frame[..frame.IndexOf("\r\n"u8)];
        var at = line.IndexOf(" $JS.ACK."u8) + 1;
        return at == 0 ? null : Encoding.ASCII.GetString(line[at..][..line[at..].IndexOf((byte)' ')]);
    }

    /// <summary>How often the message of this reply subject has been delivered, from 1.</summary>
    internal static int DeliveryOf(string ackSubject) => int.Parse(ackSubject.Split('.')[^5], CultureInfo.InvariantCulture);

    /// <summary>The last message of a PostgreSQL response: the statements before it are committed or rolled back.</summary>
    internal static bool IsReadyForQuery(ReadOnlySpan<byte> frame) => frame is [(byte)'Z', ..];

    /// <summary>The Bind message with the parameters of a statement.</summary>
    internal static bool IsBind(ReadOnlySpan<byte> frame) => frame is [(byte)'B', ..];

    internal static bool Contains(this ReadOnlySpan<byte> frame, ReadOnlySpan<byte> text) => frame.IndexOf(text) >= 0;

    /// <summary>Whether the frame contains the id, as text or in the binary form of a parameter.</summary>
    internal static bool Contains(this ReadOnlySpan<byte> frame, Guid id)
    {
        Span<byte> binary = stackalloc byte[16];
        id.TryWriteBytes(binary, bigEndian: true, out _);
        return frame.IndexOf(binary) >= 0 || frame.IndexOf(Encoding.ASCII.GetBytes(id.ToString())) >= 0;
    }
}
