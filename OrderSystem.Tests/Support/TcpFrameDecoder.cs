using System.Buffers.Binary;
using System.Buffers.Text;

namespace OrderSystem.Tests.Support;

/// <summary>Splits a byte stream into the frames of its protocol. An incomplete frame is buffered until the rest arrives.</summary>
internal abstract class TcpFrameDecoder
{
    private byte[] held = new byte[64 * 1024];
    private int start;
    private int end;

    internal static TcpFrameDecoder Of(TcpProtocol protocol, bool fromClient) => protocol switch
    {
        TcpProtocol.Nats => new Nats(),
        TcpProtocol.Postgres => new Postgres(fromClient),
        _ => new Raw(),
    };

    internal void Add(ReadOnlySpan<byte> arrived)
    {
        held.AsSpan(start, end - start).CopyTo(held);
        (start, end) = (0, end - start);
        if (held.Length < end + arrived.Length)
            Array.Resize(ref held, Math.Max(held.Length * 2, end + arrived.Length));
        arrived.CopyTo(held.AsSpan(end));
        end += arrived.Length;
    }

    /// <summary>Takes the next complete frame; it is valid until the next <see cref="Add"/>.</summary>
    internal bool TryTake(out ReadOnlyMemory<byte> frame)
    {
        var length = start == end ? 0 : LengthOf(held.AsSpan(start, end - start));
        frame = length is > 0 && length <= end - start ? held.AsMemory(start, length) : default;
        start += frame.Length;
        return frame.Length > 0;
    }

    /// <summary>The length of the frame that begins here, or 0 while it is not known yet.</summary>
    private protected abstract int LengthOf(ReadOnlySpan<byte> bytes);

    private sealed class Raw : TcpFrameDecoder
    {
        private protected override int LengthOf(ReadOnlySpan<byte> bytes) => bytes.Length;
    }

    /// <summary>A line, and after MSG, HMSG, PUB and HPUB as many bytes as its last word says.</summary>
    private sealed class Nats : TcpFrameDecoder
    {
        private protected override int LengthOf(ReadOnlySpan<byte> bytes)
        {
            var line = bytes.IndexOf("\r\n"u8);
            if (line < 0)
                return 0;
            var verb = bytes[..Math.Max(0, bytes[..line].IndexOf((byte)' '))];
            if (!verb.SequenceEqual("MSG"u8)
                && !verb.SequenceEqual("HMSG"u8) && !verb.SequenceEqual("PUB"u8) && !verb.SequenceEqual("HPUB"u8))
                return line + 2;
            var size = bytes[(bytes[..line].LastIndexOf((byte)' ') + 1)..line];
            return Utf8Parser.TryParse(size, out int payload, out _) ? line + 2 + payload + 2 : line + 2;
        }
    }

    /// <summary>A type and a length; the first message of a client has no type. The connection is not encrypted.</summary>
    private sealed class Postgres(bool fromClient) : TcpFrameDecoder
    {
        private bool isFirst = fromClient;

        private protected override int LengthOf(ReadOnlySpan<byte> bytes)
        {
            var type = isFirst ? 0 : 1;
            if (bytes.Length < type + sizeof(int))
                return 0;
            var length = type + BinaryPrimitives.ReadInt32BigEndian(bytes[type..]);
            if (length <= bytes.Length)
                isFirst = false;
            return length;
        }
    }
}
