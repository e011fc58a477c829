using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OrderSystem.Tests.Support;

/// <summary>
/// A proxy of our own on loopback, between a service and a server. It passes everything until it is told to delay, slice, freeze, cut or
/// refuse connections, or to judge single frames of the protocol by a rule.
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

    /// <summary>What is done to each piece of data.</summary>
    internal TcpWeather Weather { get; set; } = TcpWeather.Fair;

    /// <summary>Judges what a service sends; null passes all.</summary>
    internal TcpRule? FromClient { get; set; }

    /// <summary>Judges what the server sends; null passes all.</summary>
    internal TcpRule? FromServer { get; set; }

    /// <summary>New connections are reset at once.</summary>
    internal bool Refuses { get; set; }

    /// <summary>Connections that are open.</summary>
    internal int Open => links.Count;

    /// <summary>Connections that were cut by this proxy.</summary>
    internal int Cuts { get; private set; }

    /// <summary>Connections that the service gave up by itself.</summary>
    internal int LeftByClient => left;

    /// <summary>Lets nothing through in any direction, with all connections open, until <see cref="Thaw"/>.</summary>
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
            // The server is away: the client learns it as it would without a proxy.
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

/// <summary>What a proxy does to the data that passes.</summary>
/// <param name="Latency">Each piece arrives this much later.</param>
/// <param name="Jitter">And up to this much more.</param>
/// <param name="Slices">Each piece arrives in small pieces of random size.</param>
internal sealed record TcpWeather(TimeSpan Latency = default, TimeSpan Jitter = default, bool Slices = false)
{
    internal static TcpWeather Fair { get; } = new();
}

/// <summary>What the proxy understands of what it passes.</summary>
internal enum TcpProtocol
{
    /// <summary>Each piece that arrives counts as a frame.</summary>
    Raw,
    Nats,
    Postgres,
}

/// <summary>What becomes of a frame.</summary>
internal enum TcpVerdict
{
    Pass,
    Drop,

    /// <summary>The frame is lost, and the connection with it.</summary>
    Cut,

    /// <summary>It waits, with all behind it in this direction, until its connection ends.</summary>
    Hold,

    /// <summary>It passes, and all behind it waits until the connection ends.</summary>
    PassAndHold,
}

/// <summary>Judges a frame of a connection.</summary>
internal delegate TcpVerdict TcpRule(TcpLink link, ReadOnlySpan<byte> frame);
