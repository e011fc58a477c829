using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>The answer to a publish that is under way. Dispose it when done.</summary>
public readonly struct NatsJSPublishConcurrentFuture : IAsyncDisposable
{
    private readonly NatsSub<PubAckResponse>? _sub;
    private readonly Task<NatsMsg<PubAckResponse>>? _reply;

    public NatsJSPublishConcurrentFuture(NatsSub<PubAckResponse> sub)
    {
        _sub = sub;
        _reply = null;
    }

    internal NatsJSPublishConcurrentFuture(Task<NatsMsg<PubAckResponse>> reply)
    {
        _sub = null;
        _reply = reply;
    }

    /// <exception cref="NatsJSPublishNoResponseException">No stream takes the subject, or no answer in time.</exception>
    public async ValueTask<PubAckResponse> GetResponseAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var msg = _sub is not null
                ? await _sub.Msgs.ReadAsync(cancellationToken).ConfigureAwait(false)
                : await _reply!.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (msg.HasNoResponders)
                throw new NatsJSPublishNoResponseException();
            msg.EnsureSuccess();
            return msg.Data ?? throw new NatsJSException("The server answered with nothing");
        }
        catch (Exception e) when (e is NatsNoReplyException or System.Threading.Channels.ChannelClosedException)
        {
            throw new NatsJSPublishNoResponseException();
        }
    }

    public ValueTask DisposeAsync()
    {
        // An answer that nobody asked for may still fail.
        _ = _reply?.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return _sub?.DisposeAsync() ?? default;
    }
}
