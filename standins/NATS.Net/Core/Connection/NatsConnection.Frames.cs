using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

public partial class NatsConnection : IFrameHandler
{
    private bool _everOpened;

    ValueTask IFrameHandler.OnFrameAsync(in Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Msg:
                return _subs.ReceiveAsync(frame);
            case FrameKind.Ping:
                _writer.Pong();
                break;
            case FrameKind.Pong:
                _writer.OnPong();
                break;
            case FrameKind.Err:
                Log.ServerReported(_logger, frame.Text!);
                _events.Raise(ServerError, this, new NatsServerErrorEventArgs(frame.Text!));
                break;
            case FrameKind.Info:
                OnInfo(Protocol.ServerInfo.Parse(frame.Json!));
                break;
        }

        return default;
    }

    private void OnInfo(ServerInfo info)
    {
        Volatile.Write(ref _serverInfo, info);
        if (_session is not { } session)
            return;
        _servers.AddGossip(info.ClientConnectUrls, session.Server);
        if (info.LameDuckMode)
            _events.Raise(LameDuckModeActivated, this, new NatsLameDuckModeActivatedEventArgs(session.Server.Uri));
    }

    private async Task ReadAsync(Session session)
    {
        try
        {
            await session.Reader.RunAsync(this, session.Ended).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // However reading ends, the session is over.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Lose(session, e);
        }
    }

    /// <summary>A frozen server keeps its sockets open: only unanswered pings tell.</summary>
    private async Task KeepAliveAsync(Session session)
    {
        if (Opts.PingInterval <= TimeSpan.Zero)
            return;
        using var timer = new PeriodicTimer(Opts.PingInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(session.Ended).ConfigureAwait(false))
            {
                if (session.PingsOut >= Opts.MaxPingOut)
                {
                    Lose(session, new NatsException($"The server left {session.PingsOut} pings unanswered"));
                    return;
                }

                session.PingsOut++;
                _ = SendPingAsync(session);
            }
        }
        catch (OperationCanceledException)
        {
            // The session ended.
        }
    }

    private async Task SendPingAsync(Session session)
    {
        try
        {
            var waiter = new PingWaiter();
            _writer.Ping(waiter);
            await waiter.Task.ConfigureAwait(false);
            session.PingsOut = 0;
        }
        catch (Exception e) when (e is NatsException or ObjectDisposedException)
        {
            // The session was lost meanwhile.
        }
    }
}
