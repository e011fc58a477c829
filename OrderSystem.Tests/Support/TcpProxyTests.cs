using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>The proxy that the scenarios rely on.</summary>
[Fast]
public sealed class TcpProxyTests : IAsyncLifetime
{
    private readonly TcpListener echo = new(IPAddress.Loopback, 0);
    private TcpProxy proxy = null!;

    public ValueTask InitializeAsync()
    {
        echo.Start();
        proxy = Proxy(TcpProtocol.Raw);
        _ = EchoAsync();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        echo.Stop();
        echo.Dispose();
    }

    [Fact]
    public async Task Sliced_and_delayed_data_arrives_unchanged()
    {
        proxy.Impairment = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2), Slices: true);
        using var client = await ConnectAsync(proxy);
        var sent = new byte[50_000];
        Random.Shared.NextBytes(sent);
        var back = new byte[sent.Length];

        var writing = client.GetStream().WriteAsync(sent).AsTask();
        await client.GetStream().ReadExactlyAsync(back);
        await writing;

        Assert.Equal(sent, back);
    }

    [Fact]
    public async Task A_cut_and_a_refusal_both_reset_the_connection()
    {
        using var client = await ConnectAsync(proxy);
        await ExchangeAsync(client, "hello");

        proxy.CutAll();
        var failure = await Assert.ThrowsAsync<IOException>(() => ExchangeAsync(client, "hello"));
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);

        proxy.Refuses = true;
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var refused = await ConnectAsync(proxy);
            await ExchangeAsync(refused, "hello");
        });
        Assert.Equal(1, proxy.Cuts);
        await Eventually.BeTrueAsync("no connection is left", () => Task.FromResult(proxy.Open == 0));
    }

    [Fact]
    public async Task A_freeze_delays_everything_and_loses_nothing()
    {
        using var client = await ConnectAsync(proxy);
        proxy.Freeze();
        var answer = ExchangeAsync(client, "hello");
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromMilliseconds(200)));

        proxy.Thaw();

        Assert.Equal("hello", await answer);
    }

    [Theory]
    [InlineData("_INBOX")]
    [InlineData("_INBOX_order-api")]
    public async Task Frames_are_recognised_however_the_data_is_split(string inbox)
    {
        await using var nats = Proxy(TcpProtocol.Nats);
        nats.Impairment = new(Slices: true);
        var seen = new List<string>();
        nats.FromClient = (_, frame) =>
        {
            seen.Add(Encoding.ASCII.GetString(frame));
            return frame.Contains("\"stream\":"u8) ? TcpVerdict.Drop : TcpVerdict.Pass;
        };
        using var client = await ConnectAsync(nats);
        const string Passing = "PING\r\nHMSG a 1 $JS.ACK.ORDERS.C.3.1.1.0.0 12 14\r\nNATS/1.0\r\n\r\n\r\n\r\nMSG x 1 0\r\n\r\n";
        var ack = $"MSG {inbox}.1 1 27\r\n{{\"stream\":\"ORDERS\",\"seq\":1}}\r\n";

        foreach (var piece in (Passing[..20] + Passing[20..] + ack + Passing).Chunk(7))
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(piece));
        var back = new byte[Passing.Length * 2];
        await client.GetStream().ReadExactlyAsync(back);

        Assert.Equal(Passing + Passing, Encoding.ASCII.GetString(back));
        Assert.Equal(7, seen.Count);
        Assert.True(TcpFrameMatcher.IsPublishAck(Encoding.ASCII.GetBytes(seen[3])));
        Assert.Equal(3, TcpFrameMatcher.DeliveryOf(TcpFrameMatcher.AckSubjectOf(Encoding.ASCII.GetBytes(seen[1]))!));
    }

    [Fact]
    public async Task A_held_frame_waits_until_its_connection_is_cut()
    {
        var breakpoint = new FaultBreakpoint(TcpVerdict.Hold, (_, frame) => frame.Contains("stop"u8));
        proxy.FromClient = breakpoint.Judge;
        using var client = await ConnectAsync(proxy);
        Assert.Equal("go", await ExchangeAsync(client, "go"));
        var answer = ExchangeAsync(client, "stop");

        var link = await breakpoint.ReachedAsync(TimeSpan.FromSeconds(5));
        Assert.False(answer.IsCompleted);
        proxy.Cut(link);

        await Assert.ThrowsAnyAsync<IOException>(() => answer);
        using var next = await ConnectAsync(proxy);
        Assert.Equal("stop", await ExchangeAsync(next, "stop"));
    }

    private TcpProxy Proxy(TcpProtocol protocol) => new("echo", protocol, () => ((IPEndPoint)echo.LocalEndpoint).Port, new FaultDice(1));

    private static async Task<TcpClient> ConnectAsync(TcpProxy proxy)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, proxy.Port);
        return client;
    }

    private static async Task<string> ExchangeAsync(TcpClient client, string text)
    {
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        var back = new byte[text.Length];
        await client.GetStream().ReadExactlyAsync(back);
        return Encoding.ASCII.GetString(back);
    }

    private async Task EchoAsync()
    {
        try
        {
            while (true)
            {
                var client = await echo.AcceptTcpClientAsync();
                _ = client.GetStream().CopyToAsync(client.GetStream()).ContinueWith(_ => client.Dispose(), TaskScheduler.Default);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
