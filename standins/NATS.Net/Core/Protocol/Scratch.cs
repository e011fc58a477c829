namespace NATS.Client.Core.Protocol;

/// <summary>One reusable buffer per thread, for headers and payload of the message being serialised.</summary>
internal static class Scratch
{
    [ThreadStatic]
    private static ByteBuffer? _cached;

    /// <summary>Takes the buffer out, so that a serializer that publishes gets another one.</summary>
    public static ByteBuffer Rent()
    {
        var buffer = _cached ?? new ByteBuffer(4096);
        _cached = null;
        return buffer;
    }

    public static void Return(ByteBuffer buffer)
    {
        buffer.Clear();
        _cached = buffer;
    }
}
