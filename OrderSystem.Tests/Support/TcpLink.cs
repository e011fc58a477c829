using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace OrderSystem.Tests.Support;

/// <summary>One connection through a proxy.</summary>
internal sealed class TcpLink(TcpProxy proxy, Socket client, Socket server) : IDisposable
{
    private readonly CancellationTokenSource ended = new();
    private int isCut;

    /// <summary>The service's port, which identifies the owner of the connection.</summary>
    internal int ClientPort { get; } = ((IPEndPoint)client.RemoteEndPoint!).Port;

    /// <summary>State that a rule attaches to the connection.</summary>
    internal object? Mark { get; set; }

    internal async Task RunAsync()
    {
        var up = PumpAsync(client, server, TcpFrameDecoder.Of(proxy.Protocol, fromClient: true), () => proxy.FromClient);
        var down = PumpAsync(server, client, TcpFrameDecoder.Of(proxy.Protocol, fromClient: false), () => proxy.FromServer);

        // When one direction breaks, both end. When it ends normally, the other one may still carry data.
        foreach (var pump in new[] { await Task.WhenAny(up, down), up, down })
            await pump;
    }

    /// <summary>Resets both sides; false if that was done before.</summary>
    internal bool Cut()
    {
        if (Interlocked.Exchange(ref isCut, 1) == 1)
            return false;
        try
        {
            ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection has ended by itself.
        }

        foreach (var socket in new[] { client, server })
        {
            try
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                // The socket is closed already.
            }

            socket.Dispose();
        }

        return true;
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
        ended.Dispose();
    }

    private async Task PumpAsync(Socket from, Socket to, TcpFrameDecoder decoder, Func<TcpRule?> rule)
    {
        var buffer = new byte[64 * 1024];
        var passed = new ArrayBufferWriter<byte>();
        try
        {
            while (await from.ReceiveAsync(buffer, ended.Token) is > 0 and var count)
            {
                decoder.Add(buffer.AsSpan(0, count));
                while (decoder.TryTake(out var frame))
                {
                    var verdict = rule()?.Invoke(this, frame.Span) ?? TcpVerdict.Pass;
                    if (verdict is TcpVerdict.Pass or TcpVerdict.PassAndHold)
                        passed.Write(frame.Span);
                    if (verdict is TcpVerdict.Cut)
                        proxy.Cut(this);
                    if (verdict is TcpVerdict.Hold or TcpVerdict.PassAndHold)
                    {
                        await SendAsync(to, passed);
                        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ended.Token);
                    }
                }

                await SendAsync(to, passed);
            }

            proxy.LeftBy(client: from == client);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            if (Cut())
                proxy.LeftBy(client: from == client);
        }
    }

    private async Task SendAsync(Socket to, ArrayBufferWriter<byte> passed)
    {
        var impairment = proxy.Impairment;
        if (passed.WrittenCount == 0)
            return;
        if (impairment.Latency + impairment.Jitter is { Ticks: > 0 })
            await Task.Delay(impairment.Latency + (impairment.Jitter * proxy.Dice.Next()), TimeProvider.System, ended.Token);
        for (var rest = passed.WrittenMemory; rest.Length > 0;)
        {
            await proxy.GateAsync(ended.Token);
            var size = impairment.Slices ? Math.Min(rest.Length, proxy.Dice.Next(1, 400)) : rest.Length;
            await to.SendAsync(rest[..size], ended.Token);
            rest = rest[size..];
        }

        passed.ResetWrittenCount();
    }
}
