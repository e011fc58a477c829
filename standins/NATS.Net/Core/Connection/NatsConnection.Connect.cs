namespace NATS.Client.Core;

public partial class NatsConnection
{
    private readonly Connector _connector;
    private readonly Lock _stateGate = new();
    private readonly CancellationTokenSource _disposing = new();
    private Protocol.ServerInfo? _serverInfo;
    private TaskCompletionSource _opened = NewSignal();
    private Session? _session;
    private Task _running = Task.CompletedTask;
    private Exception? _failure;
    private volatile bool _closing;
    private int _state;

    public async ValueTask ConnectAsync()
    {
        if (ConnectionState == NatsConnectionState.Open)
            return;

        Task opened;
        lock (_stateGate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            if (_failure is not null)
                throw _failure;
            opened = _opened.Task;
            if (ConnectionState == NatsConnectionState.Closed)
            {
                SetState(NatsConnectionState.Connecting);
                _running = Task.Run(ConnectFirstAsync, CancellationToken.None);
            }
        }

        await opened.ConfigureAwait(false);
    }

    public async ValueTask ReconnectAsync()
    {
        var session = _session;
        if (session is not null)
            Lose(session, new NatsException("Reconnecting on request"));
        await ConnectAsync().ConfigureAwait(false);
    }

    private static TaskCompletionSource NewSignal()
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Nobody may be waiting when it fails.
        _ = signal.Task.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return signal;
    }

    private ValueTask EnsureOpenAsync(CancellationToken cancellationToken) =>
        ConnectionState == NatsConnectionState.Open ? default : new ValueTask(ConnectAsync().AsTask().WaitAsync(cancellationToken));

    private void SetState(NatsConnectionState state) => Volatile.Write(ref _state, (int)state);

    private async Task ConnectFirstAsync()
    {
        Exception? last = null;
        for (var i = _servers.Count; i > 0; i--)
        {
            var server = _servers.Next();
            try
            {
                if (Open(await _connector.ConnectAsync(server, _disposing.Token).ConfigureAwait(false)))
                    return;
            }
#pragma warning disable CA1031 // Any failure leads to the next server, and the last one to the caller.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.ConnectFailed(_logger, e, server, 1);
                last = e;
            }
        }

        if (Opts.RetryOnInitialConnect && last is not NotSupportedException)
        {
            await ReconnectLoopAsync(last, waitFirst: true).ConfigureAwait(false);
            return;
        }

        lock (_stateGate)
        {
            if (ConnectionState == NatsConnectionState.Connecting)
                SetState(NatsConnectionState.Closed);
            var failed = _opened;
            _opened = NewSignal();
            failed.TrySetException(last as NotSupportedException ?? (Exception)new NatsException($"can not connect uris: {_servers}", last!));
        }
    }

    private async Task ReconnectLoopAsync(Exception? previous, bool waitFirst)
    {
        var backoff = new ReconnectBackoff(Opts, previous);
        for (var attempt = 1; !_closing; attempt++)
        {
            if (Opts.MaxReconnectRetry >= 0 && attempt > Opts.MaxReconnectRetry)
            {
                GiveUp("maximum connection retry attempts exceeded");
                return;
            }

            if (attempt > 1 || waitFirst)
                await backoff.WaitAsync(_disposing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var server = _servers.Next();
            try
            {
                if (Open(await _connector.ConnectAsync(server, _disposing.Token).ConfigureAwait(false)))
                    return;
            }
#pragma warning disable CA1031 // Any failure leads to the next attempt.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (_closing)
                    return;
                Log.ConnectFailed(_logger, e, server, attempt);
                _events.Raise(ReconnectFailed, this, new NatsEventArgs(server.ToString()));
                if (backoff.IsHopeless(e))
                {
                    GiveUp($"the server refused the credentials twice: {e.Message}");
                    return;
                }
            }
        }
    }

    private bool Open(Session session)
    {
        bool again;
        lock (_stateGate)
        {
            if (_closing)
            {
                _ = session.DisposeAsync().AsTask();
                return true;
            }

            _session = session;
            Volatile.Write(ref _serverInfo, session.Info);
            _servers.AddGossip(session.Info.ClientConnectUrls, session.Server);
            _writer.Attach(session.Socket, _subs.WriteAll);
            again = _everOpened;
            _everOpened = true;
            SetState(NatsConnectionState.Open);
            _opened.TrySetResult();
        }

        Log.Connected(_logger, session.Server, session.Info.Version);
        _ = ReadAsync(session);
        _ = KeepAliveAsync(session);
        if (again)
            _subs.OnReconnected();
        _events.Raise(ConnectionOpened, this, new NatsEventArgs(session.Server.ToString()));
        return true;
    }

    private void OnWriteFailed(INatsSocketConnection socket, Exception exception)
    {
        if (_session is { } session && ReferenceEquals(session.Socket, socket))
            Lose(session, exception);
    }

    /// <summary>Ends a session, once, and begins to reconnect.</summary>
    private void Lose(Session session, Exception reason)
    {
        if (!session.TryEnd())
            return;

        lock (_stateGate)
        {
            if (!ReferenceEquals(_session, session) || _closing)
            {
                _ = session.DisposeAsync().AsTask();
                return;
            }

            _session = null;
            _opened = NewSignal();
            SetState(NatsConnectionState.Reconnecting);
        }

        _writer.Detach();
        _ = session.DisposeAsync().AsTask();
        Log.Disconnected(_logger, reason, session.Server);
        _events.Raise(ConnectionDisconnected, this, new NatsEventArgs(session.Server.ToString()));
        _running = Task.Run(() => ReconnectLoopAsync(reason, waitFirst: false), CancellationToken.None);
    }

    private void GiveUp(string reason)
    {
        var failure = new NatsConnectionFailedException(reason);
        lock (_stateGate)
        {
            _failure = failure;
            SetState(NatsConnectionState.Failed);
            _opened.TrySetException(failure);
        }

        Log.GaveUp(_logger, _servers.ToString(), reason);
        _writer.Close(failure);
        _subs.Close(failure, failure);
    }
}
