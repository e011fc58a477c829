using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace NATS.Client.Core.Protocol;

/// <summary>Cuts frames from the bytes of the server, however they are split.</summary>
internal sealed class FrameParser(Encoding subjectEncoding, int maxPayload, int inboxSid)
{
    private const int MaxLine = 1024 * 1024;
    private readonly AsciiCache _subjects = new();

    /// <summary>Takes the first frame off the buffer.</summary>
    /// <returns>False when it is not complete yet; the buffer is left as it was.</returns>
    /// <exception cref="NatsException">The bytes are not the NATS protocol.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out Frame frame)
    {
        frame = default;
        var first = buffer.FirstSpan;
        var end = first.IndexOf((byte)'\n');
        if (end >= 0)
            return TryRead(ref buffer, first[..end], end + 1, out frame);
        if (buffer.IsSingleSegment || buffer.PositionOf((byte)'\n') is not { } position)
            return buffer.Length > MaxLine ? throw Violation("a line has no end") : false;

        // The line crosses a segment: rare enough to copy it.
        var line = buffer.Slice(0, position).ToArray();
        return TryRead(ref buffer, line, line.Length + 1, out frame);
    }

    private bool TryRead(ref ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> line, int consumed, out Frame frame)
    {
        line = line.TrimEnd((byte)'\r');
        if (line.StartsWith("MSG "u8))
            return TryReadMsg(ref buffer, line[4..], consumed, hasHeaders: false, out frame);
        if (line.StartsWith("HMSG "u8))
            return TryReadMsg(ref buffer, line[5..], consumed, hasHeaders: true, out frame);

        frame = ReadControl(line);
        buffer = buffer.Slice(consumed);
        return true;
    }

    private static Frame ReadControl(ReadOnlySpan<byte> line)
    {
        if (line.SequenceEqual("PING"u8))
            return new Frame { Kind = FrameKind.Ping };
        if (line.SequenceEqual("PONG"u8))
            return new Frame { Kind = FrameKind.Pong };
        if (line.SequenceEqual("+OK"u8))
            return new Frame { Kind = FrameKind.Ok };
        if (line.StartsWith("-ERR"u8))
            return new Frame { Kind = FrameKind.Err, Text = Encoding.UTF8.GetString(line[4..].Trim(" '"u8)) };
        if (line.StartsWith("INFO "u8))
            return new Frame { Kind = FrameKind.Info, Json = line[5..].ToArray() };
        throw Violation($"unknown command of {line.Length} bytes");
    }

    private bool TryReadMsg(ref ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> args, int consumed, bool hasHeaders, out Frame frame)
    {
        // subject sid [reply] [headers-length] total-length
        Span<Range> tokens = stackalloc Range[6];
        var count = Split(args, tokens);
        var fixedCount = hasHeaders ? 4 : 3;
        if (count != fixedCount && count != fixedCount + 1)
            throw Violation($"a message line with {count} fields");

        var total = ReadNumber(args[tokens[count - 1]]);
        var headersLength = hasHeaders ? ReadNumber(args[tokens[count - 2]]) : 0;
        var sid = ReadNumber(args[tokens[1]]);
        if (total > maxPayload || headersLength > total)
            throw Violation($"a message of {total} bytes with {headersLength} of headers");

        frame = default;
        if (buffer.Length < consumed + total + 2)
            return false;

        var body = buffer.Slice(consumed, total);
        var subject = args[tokens[0]];
        frame = new Frame
        {
            Kind = FrameKind.Msg,
            Sid = sid,
            Subject = sid == inboxSid ? null : _subjects.Get(subjectEncoding, subject),
            InboxToken = sid == inboxSid ? ReadInboxToken(subject) : -1,
            ReplyTo = count > fixedCount ? subjectEncoding.GetString(args[tokens[2]]) : null,
            Headers = hasHeaders ? body.Slice(0, headersLength) : null,
            Payload = body.Slice(headersLength),
        };
        buffer = buffer.Slice(consumed + total + 2);
        return true;
    }

    private static int Split(ReadOnlySpan<byte> args, Span<Range> tokens)
    {
        var count = 0;
        var start = 0;
        while (start < args.Length)
        {
            var length = args[start..].IndexOfAny((byte)' ', (byte)'\t');
            if (length < 0)
                length = args.Length - start;
            if (length > 0)
            {
                if (count == tokens.Length)
                    throw Violation("a message line with too many fields");
                tokens[count++] = start..(start + length);
            }

            start += length + 1;
        }

        return count;
    }

    private static int ReadNumber(ReadOnlySpan<byte> token) =>
        Utf8Parser.TryParse(token, out int number, out var used) && used == token.Length && number >= 0
            ? number
            : throw Violation("a length or id that is no number");

    private static long ReadInboxToken(ReadOnlySpan<byte> subject)
    {
        var token = subject[(subject.LastIndexOf((byte)'.') + 1)..];
        return Utf8Parser.TryParse(token, out long number, out var used) && used == token.Length ? number : -1;
    }

    private static NatsException Violation(string what) => new($"Protocol violation by the server: {what}");
}
