using System.Buffers;
using System.Runtime.InteropServices;

namespace NATS.Client.Core.Protocol;

internal enum FrameKind
{
    Msg,
    Ping,
    Pong,
    Ok,
    Err,
    Info,
}

/// <summary>One thing that the server said. The sequences are valid until the reader moves on.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct Frame
{
    public required FrameKind Kind { get; init; }

    public int Sid { get; init; }

    public string? Subject { get; init; }

    /// <summary>For the shared inbox: the last token of the subject as a number, else -1.</summary>
    public long InboxToken { get; init; }

    public string? ReplyTo { get; init; }

    public ReadOnlySequence<byte>? Headers { get; init; }

    public ReadOnlySequence<byte> Payload { get; init; }

    /// <summary>The text of an error without quotes.</summary>
    public string? Text { get; init; }

    /// <summary>The JSON of an INFO.</summary>
    public byte[]? Json { get; init; }
}
