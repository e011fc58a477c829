using System.IO.Pipelines;

namespace NATS.Client.Core.Protocol;

/// <summary>Reads frames from a socket, one after the other.</summary>
internal sealed class FrameReader(PipeReader pipe, FrameParser parser)
{
    /// <summary>Waits for one frame; for the handshake.</summary>
    /// <exception cref="NatsException">The server closed the connection.</exception>
    public async ValueTask<Frame> ReadOneAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            var complete = parser.TryRead(ref buffer, out var frame);
            pipe.AdvanceTo(buffer.Start, complete ? buffer.Start : buffer.End);
            if (complete)
                return frame;
            if (result.IsCompleted)
                throw Closed();
        }
    }

    /// <summary>Hands over every frame until the connection ends, which throws.</summary>
    public async Task RunAsync(IFrameHandler handler, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            while (parser.TryRead(ref buffer, out var frame))
            {
                var handled = handler.OnFrameAsync(frame);
                if (!handled.IsCompletedSuccessfully)
                    await handled.ConfigureAwait(false);
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
                throw Closed();
        }
    }

    private static NatsException Closed() => new("The server closed the connection");
}

internal interface IFrameHandler
{
    ValueTask OnFrameAsync(in Frame frame);
}
