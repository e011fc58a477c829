using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>
/// Overlapping pulls. Outstanding is what was asked for and has neither been handed to the loop nor given back by the server; at the threshold
/// the difference to the maximum is asked for.
/// </summary>
internal sealed class ConsumeSub<T> : PullSub<T>
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private readonly PullSettings _settings;
    private readonly int _max503;
    private readonly Lock _gate = new();
    private readonly Timer _watch;
    private readonly Timer _retry;
    private long _outstanding;
    private long _outstandingBytes;
    private int _heldBytes;
    private int _503s;

    public ConsumeSub(NatsJSContext context, ConsumerInfo consumer, INatsDeserialize<T>? serializer, NatsJSConsumeOpts opts, CancellationToken cancellationToken)
        : base(context, consumer, serializer, opts.NotificationHandler, cancellationToken)
    {
        _settings = PullSettings.For(opts.MaxMsgs, opts.MaxBytes, opts.Expires, opts.IdleHeartbeat, opts.ThresholdMsgs, opts.ThresholdBytes, opts.PriorityGroup);
        _max503 = opts.MaxConsecutive503Errors;
        _watch = new Timer(static sub => ((ConsumeSub<T>)sub!).Watch(), this, Timeout.Infinite, Timeout.Infinite);
        _retry = new Timer(static sub => ((ConsumeSub<T>)sub!).StartAnew(), this, Timeout.Infinite, Timeout.Infinite);
    }

    public override async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _retry.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    internal override void OnReconnected() => StartAnew();

    protected override void Begin()
    {
        StartAnew();
        if (_settings.IdleHeartbeat > TimeSpan.Zero)
            _watch.Change(_settings.IdleHeartbeat / 2, _settings.IdleHeartbeat / 2);
    }

    protected override void OnMessage(in NatsJSMsg<T> msg)
    {
        _503s = 0;
        Interlocked.Add(ref _heldBytes, msg.Size);
    }

    protected override void OnYielded(int size)
    {
        Interlocked.Add(ref _heldBytes, -size);
        GiveBack(1, size);
    }

    protected override void OnStatus(NatsHeaders status)
    {
        var outcome = PullStatus.Classify(status);
        Notifier.Notify(PullStatus.ToNotification(status));
        if (outcome == PullOutcome.NoResponders)
        {
            if (_max503 >= 0 && ++_503s >= _max503)
                SetException(PullStatus.ToException(status));
            else
                RetryLater(FirstRetry * Math.Pow(2, Math.Min(_503s - 1, 10)));
            return;
        }

        _503s = 0;
        switch (outcome)
        {
            case PullOutcome.RequestEnded:
                OnRequestEnded(status);
                break;
            case PullOutcome.Retry:
                RetryLater(FirstRetry);
                break;
            case PullOutcome.Fatal:
                SetException(PullStatus.ToException(status));
                break;
        }
    }

    private void OnRequestEnded(NatsHeaders status)
    {
        var msgs = PullStatus.Undelivered(status, "Nats-Pending-Messages");
        var bytes = PullStatus.Undelivered(status, "Nats-Pending-Bytes");
        if (msgs < 0)
            StartAnew();
        else if (status.Message == NatsHeaders.Messages.MessageSizeExceedsMaxBytes)
            RetryLater(FirstRetry);
        else
            GiveBack(msgs, Math.Max(bytes, 0));
    }

    private void RetryLater(TimeSpan delay)
    {
        var longest = _settings.IdleHeartbeat > TimeSpan.Zero ? _settings.IdleHeartbeat : _settings.Expires;
        try
        {
            _retry.Change(delay < longest ? delay : longest, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended.
        }
    }

    /// <summary>Some of what was outstanding is free; asks for more at the threshold.</summary>
    private void GiveBack(long msgs, long bytes)
    {
        ConsumerGetnextRequest? request = null;
        lock (_gate)
        {
            _outstanding = Math.Max(0, _outstanding - msgs);
            _outstandingBytes = Math.Max(0, _outstandingBytes - bytes);
            var isLow = _settings.MaxBytes > 0 ? _outstandingBytes <= _settings.ThresholdBytes : _outstanding <= _settings.ThresholdMsgs;
            if (isLow)
                request = Refill();
        }

        Send(request);
    }

    /// <summary>Nothing that was asked for will come any more: only what is held counts.</summary>
    private void StartAnew()
    {
        ConsumerGetnextRequest? request;
        lock (_gate)
        {
            _outstanding = Held;
            _outstandingBytes = Volatile.Read(ref _heldBytes);
            request = Refill();
        }

        Send(request);
    }

    private ConsumerGetnextRequest? Refill()
    {
        var batch = (int)(_settings.MaxMsgs - _outstanding);
        var bytes = (int)Math.Max(0, _settings.MaxBytes - _outstandingBytes);
        if (batch <= 0 || (_settings.MaxBytes > 0 && bytes == 0))
            return null;
        _outstanding += batch;
        _outstandingBytes += bytes;
        return _settings.Request(batch, bytes);
    }

    private void Send(ConsumerGetnextRequest? request)
    {
        if (request is null || HasEnded)
            return;
        LastActivity = Environment.TickCount64;

        // Without a connection the next one starts anew.
        if (IsConnected)
            Pull(request);
    }

    /// <summary>A server that has a request must send something at least every heartbeat.</summary>
    private void Watch()
    {
        var silence = Environment.TickCount64 - LastActivity;
        if (HasEnded || silence < _settings.IdleHeartbeat.TotalMilliseconds * 2)
            return;
        lock (_gate)
        {
            if (_outstanding <= Held)
                return;
        }

        Notifier.Notify(NatsJSTimeoutNotification.Default);
        LastActivity = Environment.TickCount64;
        StartAnew();
    }
}
