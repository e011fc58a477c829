namespace NATS.Client.Core;

/// <summary>The three deadlines of a subscription. Without one there is no timer.</summary>
internal sealed class SubTimers(NatsSubOpts? opts, Action<NatsSubEndReason> end)
{
    private Timer? _timeout;
    private Timer? _startUp;
    private Timer? _idle;

    public void Start()
    {
        _timeout = Create(opts?.Timeout, NatsSubEndReason.Timeout);
        _startUp = Create(opts?.StartUpTimeout, NatsSubEndReason.StartUpTimeout);
        _idle = Create(opts?.IdleTimeout, NatsSubEndReason.IdleTimeout);
    }

    public void OnMessage()
    {
        if (_startUp is not null)
        {
            _startUp.Dispose();
            _startUp = null;
        }

        _idle?.Change(opts!.IdleTimeout!.Value, Timeout.InfiniteTimeSpan);
    }

    public void Stop()
    {
        _timeout?.Dispose();
        _startUp?.Dispose();
        _idle?.Dispose();
    }

    private Timer? Create(TimeSpan? due, NatsSubEndReason reason) =>
        due is { } time && time > TimeSpan.Zero ? new Timer(_ => end(reason), null, time, Timeout.InfiniteTimeSpan) : null;
}
