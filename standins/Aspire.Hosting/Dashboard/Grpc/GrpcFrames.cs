using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Aspire.Hosting.Dashboard.Grpc;

/// <summary>Messages as they stand in a body: one byte that says whether it is compressed, four with the length, and the message.</summary>
internal static class GrpcFrames
{
    private const int HeaderLength = 5;

    /// <summary>As large as servers accept unless told otherwise.</summary>
    private const int MaxLength = 4 * 1024 * 1024;

    /// <summary>The next message; null at the end of the body.</summary>
    /// <exception cref="GrpcException">What is read is no message, is compressed or is too large.</exception>
    public static async Task<T?> ReadAsync<T>(PipeReader body, MessageParser<T> parser, CancellationToken cancellationToken) where T : class, IMessage<T>
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (TryCut(ref buffer, out var message))
            {
                var parsed = Parse(parser, message);
                body.AdvanceTo(buffer.Start);
                return parsed;
            }

            body.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                return buffer.IsEmpty ? null : throw new GrpcException(GrpcStatus.Internal, "The request ends within a message.");
        }
    }

    public static async Task WriteAsync(PipeWriter body, IMessage message, CancellationToken cancellationToken)
    {
        var length = message.CalculateSize();
        var header = body.GetSpan(HeaderLength);
        header[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
        body.Advance(HeaderLength);
        message.WriteTo(body);
        await body.FlushAsync(cancellationToken);
    }

    private static bool TryCut(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> message)
    {
        message = default;
        if (buffer.Length < HeaderLength)
            return false;
        Span<byte> header = stackalloc byte[HeaderLength];
        buffer.Slice(0, HeaderLength).CopyTo(header);
        if (header[0] != 0)
            throw new GrpcException(GrpcStatus.Unimplemented, "Compressed messages are not supported; send them with the encoding 'identity'.");
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > MaxLength)
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"A message of {length} bytes is larger than {MaxLength}.");
        if (buffer.Length < HeaderLength + length)
            return false;
        message = buffer.Slice(HeaderLength, length);
        buffer = buffer.Slice(HeaderLength + length);
        return true;
    }

    private static T Parse<T>(MessageParser<T> parser, ReadOnlySequence<byte> message) where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException failure)
        {
            throw new GrpcException(GrpcStatus.Internal, $"The request cannot be read: {failure.Message}");
        }
    }
}
