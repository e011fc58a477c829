using System.Net.Sockets;

namespace NATS.Client.Core;

/// <summary>A TCP or TLS stream as socket connection.</summary>
internal sealed class StreamConnection(Stream stream, INatsSocketConnection? inner = null) : INatsSocketConnection
{
    public Stream Stream => stream;

    public static async Task<INatsSocketConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return new StreamConnection(new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer)
    {
        var written = stream.WriteAsync(buffer, CancellationToken.None);
        return written.IsCompletedSuccessfully ? new ValueTask<int>(buffer.Length) : Wait(written, buffer.Length);

        static async ValueTask<int> Wait(ValueTask written, int length)
        {
            await written.ConfigureAwait(false);
            return length;
        }
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer) => stream.ReadAsync(buffer, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        // The socket first: a TLS stream would try to say goodbye to a peer that may be frozen.
        if (inner is not null)
            await inner.DisposeAsync().ConfigureAwait(false);
        try
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It was closed under it.
        }
    }
}

/// <summary>A socket connection of the application as stream, for the pipe and for TLS.</summary>
internal sealed class SocketConnectionStream(INatsSocketConnection connection) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException(nameof(Length));

    public override long Position
    {
        get => throw new NotSupportedException(nameof(Position));
        set => throw new NotSupportedException(nameof(Position));
    }

    public static Stream Of(INatsSocketConnection connection) =>
        connection is StreamConnection own ? own.Stream : new SocketConnectionStream(connection);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        await connection.ReceiveAsync(buffer).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
            buffer = buffer[await connection.SendAsync(buffer).ConfigureAwait(false)..];
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
        // Nothing is kept back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException(nameof(Read));

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException(nameof(Write));

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException(nameof(Seek));

    public override void SetLength(long value) => throw new NotSupportedException(nameof(SetLength));
}
