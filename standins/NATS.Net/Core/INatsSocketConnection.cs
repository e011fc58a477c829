namespace NATS.Client.Core;

/// <summary>The byte stream to a server. Disposing closes it and ends a pending call.</summary>
public interface INatsSocketConnection : IAsyncDisposable
{
    /// <returns>How many bytes were taken.</returns>
    ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer);

    /// <returns>How many bytes were written into the buffer; 0 when the peer closed.</returns>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer);
}

public interface INatsSocketConnectionFactory
{
    ValueTask<INatsSocketConnection> ConnectAsync(Uri uri, NatsOpts opts, CancellationToken cancellationToken);
}
