using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>The inbox of a consumer's pulls: messages go to the reader, status messages to the subclass.</summary>
internal abstract class PullSub<T> : NatsSubBase
{
    private readonly NatsJSContext _context;
    private readonly INatsDeserialize<T> _serializer;
    private readonly Channel<NatsJSMsg<T>> _msgs = Channel.CreateUnbounded<NatsJSMsg<T>>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _cancellation;
    private readonly string _nextSubject;
    private volatile bool _isHandling;

    protected PullSub(
        NatsJSContext context,
        ConsumerInfo consumer,
        INatsDeserialize<T>? serializer,
        Func<INatsJSNotification, CancellationToken, Task>? notificationHandler,
        CancellationToken cancellationToken)
        : base(context.Connection, context.Connection.SubscriptionManager, context.NewBaseInbox(), null, null, cancellationToken)
    {
        _context = context;
        _serializer = serializer ?? context.Connection.Opts.SerializerRegistry.GetDeserializer<T>();
        _cancellation = cancellationToken;
        _nextSubject = $"{context.Opts.Prefix}.CONSUMER.MSG.NEXT.{consumer.StreamName}.{consumer.Name}";
        Notifier = new Notifier(notificationHandler, context.Connection.Opts.LoggerFactory.CreateLogger<NatsJSConsumer>());
        LastActivity = Environment.TickCount64;
    }

    internal override bool IsJetStream => true;

    internal override Task Finished => _finished.Task;

    protected Notifier Notifier { get; }

    /// <summary>When anything came from the server, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    protected long LastActivity { get; set; }

    /// <summary>Messages that have come and that the loop is not done with, the one being handled included.</summary>
    protected int Held => _msgs.Reader.Count + (_isHandling ? 1 : 0);

    protected bool IsConnected => Connection.ConnectionState == NatsConnectionState.Open;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        Notifier.Dispose();
        _finished.TrySetResult();
    }

    /// <summary>Starts, and yields until it ends. Cancelling stops at once, with what is buffered left to be delivered again.</summary>
    public async IAsyncEnumerable<NatsJSMsg<T>> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        _cancellation.ThrowIfCancellationRequested();
        await using var disposal = this.ConfigureAwait(false);
        await Connection.AddSubAsync(this, _cancellation).ConfigureAwait(false);
        Begin();
        while (await _msgs.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (!IsAbandoned && _msgs.Reader.TryRead(out var msg))
            {
                _isHandling = true;
                yield return msg;
                _isHandling = false;
                OnYielded(msg.Size);
            }

            _cancellation.ThrowIfCancellationRequested();
            if (IsAbandoned)
                yield break;
        }

        _cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>The connection is closing, and nobody asked for the buffered messages.</summary>
    private bool IsAbandoned => EndReason == NatsSubEndReason.Cancelled && (_cancellation.IsCancellationRequested || !Connection.Opts.DrainSubscriptionsOnDispose);

    /// <summary>The subscription is there: send the first request.</summary>
    protected abstract void Begin();

    protected abstract void OnMessage(in NatsJSMsg<T> msg);

    protected abstract void OnStatus(NatsHeaders status);

    /// <summary>The loop is done with a message.</summary>
    protected virtual void OnYielded(int size)
    {
    }

    protected void Pull(ConsumerGetnextRequest request)
    {
        // A request belongs to no message that happens to be handled right now.
        var ambient = Activity.Current;
        Activity.Current = null;
        var sent = SendAsync(request);
        Activity.Current = ambient;
        _ = sent.AsTask();
    }

    protected override ValueTask ReceiveInternalAsync(string subject, string? replyTo, ReadOnlySequence<byte>? headersBuffer, ReadOnlySequence<byte> payloadBuffer)
    {
        LastActivity = Environment.TickCount64;

        // Messages come with the subject that they were published to, status messages with that of the inbox.
        if (headersBuffer is { } block && subject == Subject)
        {
            var status = new NatsHeaders();
            if (Connection.HeaderParser.Parse(block, status) && status.Code > 0)
            {
                OnStatus(status);
                return default;
            }
        }

        var msg = MsgReader.Read(subject, Subject, null, replyTo, headersBuffer, payloadBuffer, Connection, Connection.HeaderParser, _serializer, default);
        var delivered = new NatsJSMsg<T>(msg, _context);
        _msgs.Writer.TryWrite(delivered);
        OnMessage(delivered);
        return default;
    }

    protected override void TryComplete() => _msgs.Writer.TryComplete(Exception);

    private async ValueTask SendAsync(ConsumerGetnextRequest request)
    {
        try
        {
            await Connection.PublishAsync(_nextSubject, request, replyTo: Subject, serializer: ApiRequestSerializer<ConsumerGetnextRequest>.Default, cancellationToken: _cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            // The next heartbeat, or the next connection, asks again.
        }
    }
}
