using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>H5: what is too large or not JSON is refused before it is read, and costs no memory. Sent by hand, so that no client is politer than an attacker.</summary>
public sealed class LargeBodyTests(SharedSystem shared) : IAsyncLifetime
{
    private const int TenMegabytes = 10 * 1024 * 1024;

    private ServiceProcess api = null!;

    /// <summary>An instance of its own, so that its memory is that of these requests.</summary>
    public async ValueTask InitializeAsync()
    {
        api = await (await shared.StartedAsync()).StartServiceAsync("OrderSystem.OrderApi");
        using var client = new Client(api.Address);
        await client.PlaceAsync();
    }

    /// <summary>In order, so that it hands back what it has pulled: other tests wait for that.</summary>
    public async ValueTask DisposeAsync()
    {
        await api.StopAsync();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task H5_Ten_megabytes_are_refused_early_whether_the_length_is_told_or_not()
    {
        var before = await PeakMemoryAsync();
        foreach (var _ in Enumerable.Range(0, 5))
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => i % 2 == 0
                ? SendAsync($"Content-Type: application/json\r\nContent-Length: {TenMegabytes}", Spaces(chunked: false), TenMegabytes)
                : SendAsync("Content-Type: application/json\r\nTransfer-Encoding: chunked", Spaces(chunked: true), TenMegabytes)));

            Assert.All(answers, answer => Assert.Equal(413, answer.Status));
            Assert.All(answers, answer => Assert.InRange(answer.Sent, 0, TenMegabytes / 4));
        }

        await MemoryIsFlatAsync(before);
    }

    [Fact]
    public async Task H5_A_gzip_bomb_is_refused_packed()
    {
        var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var i = 0; i < 50; i++)
                await gzip.WriteAsync(new byte[1024 * 1024]);
        }

        var before = await PeakMemoryAsync();
        for (var round = 0; round < 5; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SendAsync(
                $"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {bomb.Length}", bomb.ToArray(), (int)bomb.Length)));
            Assert.All(answers, answer => Assert.Equal(415, answer.Status));
        }

        await MemoryIsFlatAsync(before);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/xml")]
    public async Task H5_What_is_not_JSON_is_refused_unread(string type)
    {
        var (status, sent) = await SendAsync($"Content-Type: {type}\r\nContent-Length: {TenMegabytes}", Spaces(chunked: false), TenMegabytes);

        Assert.Equal(415, status);
        Assert.InRange(sent, 0, TenMegabytes / 4);
    }

    private static byte[] Spaces(bool chunked) => Encoding.ASCII.GetBytes(chunked ? $"4000\r\n{new string(' ', 0x4000)}\r\n" : new string(' ', 0x4000));

    /// <summary>Sends the piece over and over, up to so many bytes, until there is an answer; the status, and how much was sent until then.</summary>
    private async Task<(int Status, long Sent)> SendAsync(string headers, byte[] piece, long upTo)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(api.Address.Host, api.Address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST /orders HTTP/1.1\r\nHost: {api.Address.Authority}\r\nAuthorization: Bearer {Tokens.Everything}\r\n{headers}\r\n\r\n"));
        var sent = 0L;
        var answer = new byte[512];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var reading = socket.ReceiveAsync(answer, deadline.Token).AsTask();
        while (sent < upTo && await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System)) != reading)
        {
            try
            {
                sent += await socket.SendAsync(piece, deadline.Token);
            }
            catch (SocketException)
            {
                // It has answered and closed: what it said is still there to be read.
                break;
            }
        }

        var line = Encoding.ASCII.GetString(answer, 0, await reading).Split('\r')[0];
        return (int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture), sent);
    }

    private async Task<long> PeakMemoryAsync()
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{api.Id}/status")).Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Forty bodies of ten megabytes, or of fifty unpacked, would show.</summary>
    private async Task MemoryIsFlatAsync(long before) => Assert.InRange(await PeakMemoryAsync() - before, 0, 60L * 1024 * 1024);
}
