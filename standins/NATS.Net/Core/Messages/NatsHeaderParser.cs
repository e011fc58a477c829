using System.Buffers;
using System.Text;
using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

/// <summary>Reads <c>NATS/1.0[ code[ text]]</c> and the fields below it.</summary>
public class NatsHeaderParser(Encoding encoding)
{
    private readonly AsciiCache _names = new();

    private static ReadOnlySpan<byte> VersionLine => "NATS/1.0"u8;

    /// <returns>False when the block does not begin with the version line or has no end.</returns>
    public bool ParseHeaders(SequenceReader<byte> reader, NatsHeaders headers)
    {
        if (!reader.UnreadSequence.IsSingleSegment)
        {
            var copy = reader.UnreadSequence.ToArray();
            return Parse(copy, headers);
        }

        return Parse(reader.UnreadSpan, headers);
    }

    internal bool Parse(in ReadOnlySequence<byte> block, NatsHeaders headers) =>
        block.IsSingleSegment ? Parse(block.FirstSpan, headers) : Parse(block.ToArray(), headers);

    private bool Parse(ReadOnlySpan<byte> block, NatsHeaders headers)
    {
        var end = block.IndexOf("\r\n"u8);
        if (end < 0 || !block[..end].StartsWith(VersionLine))
            return false;

        ParseStatus(block[VersionLine.Length..end], headers);
        var rest = block[(end + 2)..];
        while (true)
        {
            end = rest.IndexOf("\r\n"u8);
            if (end < 0)
                return false;
            if (end == 0)
                return true;
            var line = rest[..end];
            var colon = line.IndexOf((byte)':');
            if (colon <= 0)
                return false;
            headers.Append(_names.Get(encoding, line[..colon]), encoding.GetString(line[(colon + 1)..].Trim((byte)' ')));
            rest = rest[(end + 2)..];
        }
    }

    private void ParseStatus(ReadOnlySpan<byte> status, NatsHeaders headers)
    {
        status = status.Trim((byte)' ');
        if (status.Length < 3 || !System.Buffers.Text.Utf8Parser.TryParse(status[..3], out int code, out var used) || used != 3)
            return;

        headers.Code = code;
        headers.MessageText = encoding.GetString(status[3..].Trim((byte)' '));
        headers.Message = Classify(headers.MessageText);
    }

    private static NatsHeaders.Messages Classify(string text) => text.ToUpperInvariant() switch
    {
        "IDLE HEARTBEAT" => NatsHeaders.Messages.IdleHeartbeat,
        "BAD REQUEST" => NatsHeaders.Messages.BadRequest,
        "CONSUMER DELETED" => NatsHeaders.Messages.ConsumerDeleted,
        "CONSUMER IS PUSH BASED" => NatsHeaders.Messages.ConsumerIsPushBased,
        "NO MESSAGES" => NatsHeaders.Messages.NoMessages,
        "REQUEST TIMEOUT" => NatsHeaders.Messages.RequestTimeout,
        "MESSAGE SIZE EXCEEDS MAXBYTES" => NatsHeaders.Messages.MessageSizeExceedsMaxBytes,
        "REQUESTS PENDING" => NatsHeaders.Messages.RequestsPending,
        _ => NatsHeaders.Messages.Text,
    };
}
