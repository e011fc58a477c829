using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>One pull: ends when it is full, when the server says so, or when its time is over.</summary>
internal sealed class FetchSub<T> : PullSub<T>
{
    /// <summary>The server announces the end of a request; this is for when it cannot.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);
    private readonly PullSettings _settings;
    private readonly bool _noWait;
    private readonly TimeSpan _noWaitTimeout;
    private readonly Timer _watch;
    private readonly long _begin = Environment.TickCount64;
    private int _missing;

    public FetchSub(NatsJSContext context, ConsumerInfo consumer, INatsDeserialize<T>? serializer, NatsJSFetchOpts opts, bool noWait, CancellationToken cancellationToken)
        : base(context, consumer, serializer, opts.NotificationHandler, cancellationToken)
    {
        _settings = PullSettings.For(opts.MaxMsgs, opts.MaxBytes, opts.Expires, opts.IdleHeartbeat, null, null, opts.PriorityGroup);
        _noWait = noWait;
        _noWaitTimeout = context.Opts.RequestTimeout;
        _missing = _settings.MaxMsgs;
        _watch = new Timer(static sub => ((FetchSub<T>)sub!).Watch(), this, Timeout.Infinite, Timeout.Infinite);
    }

    private TimeSpan Lifetime => (_noWait ? _noWaitTimeout : _settings.Expires) + Grace;

    public override async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The server has forgotten the request.</summary>
    internal override void OnReconnected() => EndSubscription(NatsSubEndReason.Timeout);

    protected override void Begin()
    {
        var request = _settings.Request(_settings.MaxMsgs, _settings.MaxBytes);
        Pull(_noWait ? request with { NoWait = true, Expires = TimeSpan.Zero, IdleHeartbeat = TimeSpan.Zero } : request);
        var beat = _settings.IdleHeartbeat > TimeSpan.Zero && !_noWait ? _settings.IdleHeartbeat / 2 : Lifetime;
        _watch.Change(beat < Lifetime ? beat : Lifetime, TimeSpan.FromMilliseconds(Math.Min(beat.TotalMilliseconds, Grace.TotalMilliseconds)));
    }

    protected override void OnMessage(in NatsJSMsg<T> msg)
    {
        if (--_missing == 0)
            EndSubscription(NatsSubEndReason.MaxMsgs);
        else if (_noWait && msg.Metadata is { NumPending: 0 })
            EndSubscription(NatsSubEndReason.NoMsgs);
    }

    protected override void OnStatus(NatsHeaders status)
    {
        Notifier.Notify(PullStatus.ToNotification(status));
        switch (PullStatus.Classify(status))
        {
            case PullOutcome.RequestEnded:
                EndSubscription(status.Code == 404 ? NatsSubEndReason.NoMsgs : NatsSubEndReason.Timeout);
                break;
            case PullOutcome.Retry:
                EndSubscription(NatsSubEndReason.JetStreamError);
                break;
            case PullOutcome.NoResponders or PullOutcome.Fatal:
                SetException(PullStatus.ToException(status));
                break;
        }
    }

    private void Watch()
    {
        var now = Environment.TickCount64;
        if (now - _begin >= Lifetime.TotalMilliseconds)
        {
            EndSubscription(NatsSubEndReason.Timeout);
        }
        else if (!_noWait && _settings.IdleHeartbeat > TimeSpan.Zero && now - LastActivity >= _settings.IdleHeartbeat.TotalMilliseconds * 2)
        {
            Notifier.Notify(NatsJSTimeoutNotification.Default);
            EndSubscription(NatsSubEndReason.IdleHeartbeatTimeout);
        }
    }
}
