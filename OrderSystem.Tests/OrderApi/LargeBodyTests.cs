using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>
/// H5: a body that is too large or not JSON is rejected before it is read, and
/// costs no memory. Sent over raw sockets, because an HTTP client would stop early.
/// </summary>
public sealed class LargeBodyTests(SharedSystem shared) : IAsyncLifetime
{
    private const int TenMegabytes = 10 * 1024 * 1024;

    private ServiceProcess api = null!;

    /// <summary>A dedicated instance, so that its memory shows these requests alone.</summary>
    public async ValueTask InitializeAsync()
    {
        api = await (await shared.StartedAsync()).StartServiceAsync("OrderSystem.OrderApi");
        using var client = new Client(api.Address);
        await client.PlaceAsync();
    }

    /// <summary>A graceful shutdown returns the messages that this instance has pulled: other tests wait for them.</summary>
    public async ValueTask DisposeAsync()
    {
        await api.StopAsync();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task H5_A_ten_megabyte_body_is_rejected_early_with_and_without_Content_Length()
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
    public async Task H5_A_gzip_bomb_is_rejected_without_decompression()
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
                $"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {bomb.Length}",
                bomb.ToArray(), (int)bomb.Length)));
            Assert.All(answers, answer => Assert.Equal(415, answer.Status));
        }

        await MemoryIsFlatAsync(before);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/xml")]
    public async Task H5_A_body_that_is_not_JSON_is_rejected_unread(string type)
    {
        var (status, sent) = await SendAsync(
            $"Content-Type: {type}\r\nContent-Length: {TenMegabytes}", Spaces(chunked: false), TenMegabytes);

        Assert.Equal(415, status);
        Assert.InRange(sent, 0, TenMegabytes / 4);
    }

    private static byte[] Spaces(bool chunked) =>
        Encoding.ASCII.GetBytes(chunked ? $"4000\r\n{new string(' ', 0x4000)}\r\n" : new string(' ', 0x4000));

    /// <summary>
    /// Sends the chunk repeatedly, up to the given number of bytes, until the
    /// server responds. Returns the status and the bytes sent until then.
    /// </summary>
    private async Task<(int Status, long Sent)> SendAsync(string headers, byte[] chunk, long upTo)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(api.Address.Host, api.Address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /orders HTTP/1.1\r\nHost: {api.Address.Authority}\r\nAuthorization: Bearer {Tokens.Everything}\r\n{headers}\r\n\r\n"));
        var sent = 0L;
        var answer = new byte[512];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var reading = socket.ReceiveAsync(answer, deadline.Token).AsTask();
        while (sent < upTo && await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System)) != reading)
        {
            try
            {
                sent += await socket.SendAsync(chunk, deadline.Token);
            }
            catch (SocketException)
            {
                // The server has responded and closed the connection; the response can still be read.
                break;
            }
        }

        var line = Encoding.ASCII.GetString(answer, 0, await reading).Split('\r')[0];
        return (int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture), sent);
    }

    private async Task<long> PeakMemoryAsync()
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{api.Id}/status"))
            .Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Forty buffered bodies of 10 MB, or of 50 MB decompressed, would exceed this.</summary>
    private async Task MemoryIsFlatAsync(long before) => Assert.InRange(await PeakMemoryAsync() - before, 0, 60L * 1024 * 1024);
}
