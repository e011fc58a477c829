using System.Buffers.Text;
using System.Text;

namespace OrderSystem.LoadTest.Load;

/// <summary>The parts of an HTTP response that the generator uses.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="OrderId">The id at the end of Location, if there is one.</param>
/// <param name="Closes">Whether the server closes the connection afterwards.</param>
internal readonly record struct Answer(int Status, Guid? OrderId, bool Closes)
{
    private static ReadOnlySpan<byte> NewLine => "\r\n"u8;

    /// <summary>Reads the response at the start of the received bytes; false while it is incomplete.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> received, out Answer answer, out int length)
    {
        (answer, length) = (default, 0);
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;
        var head = received[..(end + 2)];
        if (head.Length < 14 || !head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head.Slice(9, 3), out int status, out _))
            throw new InvalidDataException("The response is not HTTP/1.1. Is this the address of the order API?");

        var (contentLength, isChunked, closes, order) = (0, false, false, default(Guid?));
        for (var rest = head[(head.IndexOf(NewLine) + 2)..]; !rest.IsEmpty; rest = rest[(rest.IndexOf(NewLine) + 2)..])
        {
            var line = rest[..rest.IndexOf(NewLine)];
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
                continue;
            var name = line[..colon];
            var value = line[(colon + 1)..].Trim((byte)' ');
            if (Ascii.EqualsIgnoreCase(name, "content-length"u8) && !Utf8Parser.TryParse(value, out contentLength, out _))
                throw new InvalidDataException("The Content-Length of the response is not a number.");
            isChunked |= Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8) && Ascii.EqualsIgnoreCase(value, "chunked"u8);
            closes |= Ascii.EqualsIgnoreCase(name, "connection"u8) && Ascii.EqualsIgnoreCase(value, "close"u8);
            var last = value[(value.LastIndexOf((byte)'/') + 1)..];
            if (Ascii.EqualsIgnoreCase(name, "location"u8) && Utf8Parser.TryParse(last, out Guid id, out _))
                order = id;
        }

        var bodyLength = isChunked ? LengthOfChunks(received[(end + 4)..]) : contentLength;
        if (bodyLength < 0 || received.Length < end + 4 + bodyLength)
            return false;
        (answer, length) = (new Answer(status, order, closes), end + 4 + bodyLength);
        return true;
    }

    /// <summary>Length of the body including the chunk framing; negative while it is incomplete.</summary>
    private static int LengthOfChunks(ReadOnlySpan<byte> body)
    {
        for (var at = 0; ;)
        {
            var line = body[at..].IndexOf(NewLine);
            if (line < 0)
                return -1;
            if (!Utf8Parser.TryParse(body[at..], out int size, out _, 'x'))
                throw new InvalidDataException("A chunk of the response has no size.");
            at += line + 2 + size + 2;
            if (at > body.Length)
                return -1;
            if (size == 0)
                return at;
        }
    }
}
