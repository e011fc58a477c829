using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OrderSystem.Tests.Support;

/// <summary>
/// A proxy on loopback between a service and a server. It forwards everything until a test makes it delay, slice, freeze, cut or refuse
/// connections, or apply a rule to single frames of the protocol.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpLink, Task> links = new();
    private readonly CancellationTokenSource ending = new();
    private readonly Func<int> target;
    private readonly Task accepting;
    private volatile TaskCompletionSource gate = Opened();
    private int left;

    internal TcpProxy(string name, TcpProtocol protocol, Func<int> target, FaultDice dice)
    {
        (Name, Protocol, this.target, Dice) = (name, protocol, target, dice);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    internal string Name { get; }

    internal int Port { get; }

    internal FaultDice Dice { get; }

    internal TcpProtocol Protocol { get; }

    /// <summary>The network impairment of the forwarded data.</summary>
    internal TcpImpairment Impairment { get; set; } = TcpImpairment.None;

    /// <summary>The rule for what a service sends; null passes everything.</summary>
    internal TcpRule? FromClient { get; set; }

    /// <summary>The rule for what the server sends; null passes everything.</summary>
    internal TcpRule? FromServer { get; set; }

    /// <summary>New connections are reset at once.</summary>
    internal bool Refuses { get; set; }

    /// <summary>Connections that are open.</summary>
    internal int Open => links.Count;

    /// <summary>Connections that were cut by this proxy.</summary>
    internal int Cuts { get; private set; }

    /// <summary>Connections that the service closed by itself.</summary>
    internal int LeftByClient => left;

    /// <summary>Black-holes the connections: they stay open and nothing passes in any direction, until <see cref="Thaw"/>.</summary>
    internal void Freeze() => gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal void Thaw() => gate.TrySetResult();

    /// <summary>Resets every connection.</summary>
    internal void CutAll()
    {
        foreach (var link in links.Keys)
            Cut(link);
    }

    internal void Cut(TcpLink link)
    {
        if (link.Cut())
            Cuts++;
    }

    internal void LeftBy(bool client)
    {
        if (client)
            Interlocked.Increment(ref left);
    }

    internal Task GateAsync(CancellationToken cancellationToken) => gate.Task.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var link in links.Keys)
            link.Cut();
        await Task.WhenAll(links.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            var client = await listener.AcceptSocketAsync(ending.Token);
            client.NoDelay = true;
            _ = RunAsync(client);
        }
    }

    private async Task RunAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var link = new TcpLink(this, client, server);
        var done = new TaskCompletionSource();
        links.TryAdd(link, done.Task);
        try
        {
            if (Refuses)
            {
                link.Cut();
                return;
            }

            await server.ConnectAsync(IPAddress.Loopback, target(), ending.Token);
            await link.RunAsync();
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The server is down: the client gets a reset.
            link.Cut();
        }
        finally
        {
            links.TryRemove(link, out _);
            done.SetResult();
        }
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }
}

/// <summary>The network impairment that a proxy applies.</summary>
/// <param name="Latency">The delay of each chunk.</param>
/// <param name="Jitter">The maximum of a random additional delay.</param>
/// <param name="Slices">Whether each chunk is split into small pieces of random size.</param>
internal sealed record TcpImpairment(TimeSpan Latency = default, TimeSpan Jitter = default, bool Slices = false)
{
    internal static TcpImpairment None { get; } = new();
}

/// <summary>The protocol whose frames the proxy recognises.</summary>
internal enum TcpProtocol
{
    /// <summary>Each chunk that arrives counts as a frame.</summary>
    Raw,
    Nats,
    Postgres,
}

/// <summary>What the proxy does with a frame.</summary>
internal enum TcpVerdict
{
    Pass,
    Drop,

    /// <summary>The frame is dropped, and the connection is reset.</summary>
    Cut,

    /// <summary>It waits, with all behind it in this direction, until its connection ends.</summary>
    Hold,

    /// <summary>It passes, and all behind it waits until the connection ends.</summary>
    PassAndHold,
}

/// <summary>Decides what happens to a frame of a connection.</summary>
internal delegate TcpVerdict TcpRule(TcpLink link, ReadOnlySpan<byte> frame);
