namespace NATS.Client.Core;

public partial class NatsConnection
{
    private int _disposed;

    /// <summary>
    /// Writes what was published, ends the subscriptions and closes. With <see cref="NatsOpts.DrainSubscriptionsOnDispose"/> it first unsubscribes
    /// and lets the readers finish.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        if (Opts.DrainSubscriptionsOnDispose && ConnectionState == NatsConnectionState.Open)
            await DrainAsync().ConfigureAwait(false);
        if (ConnectionState == NatsConnectionState.Open)
            await WaitAtMostAsync(_writer.FlushAsync(), Opts.CommandTimeout).ConfigureAwait(false);

        Session? session;
        lock (_stateGate)
        {
            _closing = true;
            session = _session;
            _session = null;
            SetState(NatsConnectionState.Closed);
        }

        var reason = new ObjectDisposedException(nameof(NatsConnection));
        await _disposing.CancelAsync().ConfigureAwait(false);
        _opened.TrySetException(reason);
        _subs.Close(reason, null);
        _writer.Close(reason);
        session?.TryEnd();
        if (session is not null)
            await session.DisposeAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _events.Complete();
        _subs.Dispose();
        _disposing.Dispose();
    }

    private static async Task WaitAtMostAsync(Task task, TimeSpan time)
    {
        try
        {
            await task.WaitAsync(time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or NatsException)
        {
            // The connection closes either way.
        }
    }

    private async Task DrainAsync()
    {
        var subs = _subs.All.ToList();
        foreach (var sub in subs)
            _writer.Unsubscribe(sub.Sid);
        await WaitAtMostAsync(PingAsync(CancellationToken.None).AsTask(), Opts.DrainPingTimeout).ConfigureAwait(false);
        foreach (var sub in subs)
            sub.Close(null);

        if (Opts.ConsumerDrainOnDisposeTimeout is { } timeout)
            await WaitAtMostAsync(Task.WhenAll(subs.Where(sub => sub.IsJetStream).Select(sub => sub.Finished)), timeout).ConfigureAwait(false);
    }
}
