using System.Buffers.Text;
using System.Text;

namespace NATS.Client.Core.Protocol;

/// <summary>The commands of a client as they are on the wire. What they are made of was validated before.</summary>
internal static class Commands
{
    /// <summary>Writes a publish whose body is the header block, if any, and the payload.</summary>
    public static void WritePublish(ByteBuffer buffer, Encoding encoding, string subject, string? replyTo, int headersLength, ReadOnlySpan<byte> body)
    {
        buffer.Write(headersLength > 0 ? "HPUB "u8 : "PUB "u8);
        Write(buffer, encoding, subject);
        if (replyTo is not null)
        {
            buffer.Write(" "u8);
            Write(buffer, encoding, replyTo);
        }

        buffer.Write(" "u8);
        if (headersLength > 0)
        {
            Write(buffer, headersLength);
            buffer.Write(" "u8);
        }

        Write(buffer, body.Length);
        buffer.Write("\r\n"u8);
        buffer.Write(body);
        buffer.Write("\r\n"u8);
    }

    public static void WriteSubscribe(ByteBuffer buffer, Encoding encoding, int sid, string subject, string? queueGroup)
    {
        buffer.Write("SUB "u8);
        Write(buffer, encoding, subject);
        buffer.Write(" "u8);
        if (queueGroup is not null)
        {
            Write(buffer, encoding, queueGroup);
            buffer.Write(" "u8);
        }

        Write(buffer, sid);
        buffer.Write("\r\n"u8);
    }

    /// <summary>At once, or after so many messages.</summary>
    public static void WriteUnsubscribe(ByteBuffer buffer, int sid, int? maxMsgs)
    {
        buffer.Write("UNSUB "u8);
        Write(buffer, sid);
        if (maxMsgs is { } max)
        {
            buffer.Write(" "u8);
            Write(buffer, max);
        }

        buffer.Write("\r\n"u8);
    }

    private static void Write(ByteBuffer buffer, Encoding encoding, string text)
    {
        var span = buffer.GetSpan(encoding.GetMaxByteCount(text.Length));
        buffer.Advance(encoding.GetBytes(text, span));
    }

    private static void Write(ByteBuffer buffer, int number)
    {
        Utf8Formatter.TryFormat(number, buffer.GetSpan(11), out var written);
        buffer.Advance(written);
    }
}
