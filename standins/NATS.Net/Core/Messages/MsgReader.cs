using System.Buffers;
using System.Diagnostics;

namespace NATS.Client.Core;

/// <summary>Turns the parts of a frame into a message, with its receive span when someone listens.</summary>
internal static class MsgReader
{
    public static NatsMsg<T> Read<T>(
        string subject,
        string subscription,
        string? queueGroup,
        string? replyTo,
        in ReadOnlySequence<byte>? headersBuffer,
        in ReadOnlySequence<byte> payload,
        INatsConnection? connection,
        NatsHeaderParser headerParser,
        INatsDeserialize<T> serializer,
        ActivityContext request)
    {
        NatsHeaders? headers = null;
        var headersLength = 0;
        if (headersBuffer is { } block)
        {
            headersLength = (int)block.Length;
            headers = new NatsHeaders();
            if (!headerParser.Parse(block, headers))
                headers.Error = new NatsHeaderParseException(block.ToArray(), new FormatException("The header block is malformed"));
        }

        var flags = NatsMsgFlags.None;
        if (payload.IsEmpty)
        {
            flags = NatsMsgFlags.Empty;
            if (headers is { Code: 503, Count: 0 })
                flags |= NatsMsgFlags.NoResponders;
        }

        var size = subject.Length + (replyTo?.Length ?? 0) + headersLength + (int)payload.Length;
        if (Telemetry.HasListeners)
            Telemetry.StartReceive(ref headers, subject, subscription, queueGroup, replyTo, payload.Length, size, connection, request)?.Dispose();

        T? data = default;
        if ((flags & NatsMsgFlags.NoResponders) == NatsMsgFlags.None && headers?.Error is null)
        {
            try
            {
                data = serializer.Deserialize(payload);
            }
#pragma warning disable CA1031 // The message is delivered with the error, whatever the serializer threw.
            catch (Exception e)
#pragma warning restore CA1031
            {
                headers ??= new NatsHeaders();
                headers.Error = new NatsDeserializeException(payload.ToArray(), e);
            }
        }

        return new NatsMsg<T>(subject, replyTo, size, headers, data, connection, flags);
    }
}
