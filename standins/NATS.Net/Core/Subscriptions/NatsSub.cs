using System.Buffers;
using System.Threading.Channels;

namespace NATS.Client.Core;

/// <summary>A subscription with a bounded buffer; when it is full, <see cref="NatsOpts.SubPendingChannelFullMode"/> decides.</summary>
public class NatsSub<T> : NatsSubBase, INatsSub<T>
{
    private readonly Channel<NatsMsg<T>> _msgs;
    private readonly INatsDeserialize<T> _serializer;

    public NatsSub(INatsConnection connection, INatsSubscriptionManager manager, string subject, string? queueGroup, NatsSubOpts? opts, INatsDeserialize<T> serializer, CancellationToken cancellationToken = default)
        : base(connection, manager, subject, queueGroup, opts, cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _serializer = serializer;
        _msgs = Channel.CreateBounded<NatsMsg<T>>(
            connection.GetBoundedChannelOpts(opts?.ChannelOpts),
            msg => Connection.OnMessageDropped(this, _msgs!.Reader.Count, msg));
    }

    public ChannelReader<NatsMsg<T>> Msgs => _msgs.Reader;

    internal override Task Finished => _msgs.Reader.Completion;

    protected override async ValueTask ReceiveInternalAsync(string subject, string? replyTo, ReadOnlySequence<byte>? headersBuffer, ReadOnlySequence<byte> payloadBuffer)
    {
        var msg = MsgReader.Read(subject, Subject, QueueGroup, replyTo, headersBuffer, payloadBuffer, Connection, Connection.HeaderParser, _serializer, default);
        if (msg.HasNoResponders && SubOpts?.ThrowIfNoResponders == true)
        {
            SetException(new NatsNoRespondersException());
            return;
        }

        if (msg.IsEmpty && SubOpts?.StopOnEmptyMsg == true)
        {
            EndSubscription(NatsSubEndReason.EmptyMsg);
            return;
        }

        if (IsSlow && _msgs.Reader.Count <= 1)
            IsSlow = false;
        if (!_msgs.Writer.TryWrite(msg))
            await _msgs.Writer.WriteAsync(msg).ConfigureAwait(false);
        DecrementMaxMsgs();
    }

    protected override void TryComplete() => _msgs.Writer.TryComplete(Exception);
}
