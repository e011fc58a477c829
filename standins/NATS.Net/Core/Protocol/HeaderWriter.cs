using System.Buffers;
using System.Text;

namespace NATS.Client.Core.Protocol;

/// <summary>The header block on the wire. What would break the framing is refused before a byte is written.</summary>
internal static class HeaderWriter
{
    private static readonly SearchValues<char> NotInName = SearchValues.Create("\r\n:");
    private static readonly SearchValues<char> NotInValue = SearchValues.Create("\r\n");

    private static ReadOnlySpan<byte> VersionLine => "NATS/1.0\r\n"u8;

    /// <exception cref="NatsException">A name is empty or has a colon, CR or LF; a value has CR or LF.</exception>
    public static int Measure(NatsHeaders headers, Encoding encoding)
    {
        var length = VersionLine.Length + 2;
        foreach (var (name, values) in headers)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny(NotInName))
                throw new NatsException("Invalid header name: it is empty, or has a colon, a carriage return or a line feed");

            var nameLength = encoding.GetByteCount(name);
            foreach (var value in values)
            {
                if (value.AsSpan().ContainsAny(NotInValue))
                    throw new NatsException($"Invalid value of header '{name}': it has a carriage return or a line feed");
                length += nameLength + 4 + encoding.GetByteCount(value ?? string.Empty);
            }
        }

        return length;
    }

    /// <summary>Fills the destination, which is as long as <see cref="Measure"/> said.</summary>
    public static void Write(NatsHeaders headers, Encoding encoding, Span<byte> destination)
    {
        VersionLine.CopyTo(destination);
        destination = destination[VersionLine.Length..];
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
            {
                destination = destination[encoding.GetBytes(name, destination)..];
                destination[0] = (byte)':';
                destination[1] = (byte)' ';
                destination = destination[2..];
                destination = destination[encoding.GetBytes(value ?? string.Empty, destination)..];
                "\r\n"u8.CopyTo(destination);
                destination = destination[2..];
            }
        }

        "\r\n"u8.CopyTo(destination);
    }
}
