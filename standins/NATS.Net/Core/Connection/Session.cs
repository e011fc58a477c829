using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

/// <summary>One socket that passed the handshake, until it is lost.</summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended;
    private int _over;

    public Session(INatsSocketConnection socket, FrameReader reader, ServerInfo info, ServerUrl server)
    {
        Socket = socket;
        Reader = reader;
        Info = info;
        Server = server;
        _ended = new CancellationTokenSource();
        Ended = _ended.Token;
    }

    public INatsSocketConnection Socket { get; }

    public FrameReader Reader { get; }

    public ServerInfo Info { get; }

    public ServerUrl Server { get; }

    public CancellationToken Ended { get; }

    /// <summary>Pings sent since the last sign of life.</summary>
    public int PingsOut { get; set; }

    /// <returns>True for the first caller only.</returns>
    public bool TryEnd() => Interlocked.Exchange(ref _over, 1) == 0;

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await Socket.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }
}
