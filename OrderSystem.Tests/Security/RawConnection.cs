using System.Net.Sockets;
using System.Text;

namespace OrderSystem.Tests.Security;

/// <summary>A connection by hand, so that no client is politer than an attacker.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    internal static async Task<RawConnection> OpenAsync(Uri service)
    {
        var connection = new RawConnection();
        await connection.socket.ConnectAsync(service.Host, service.Port);
        return connection;
    }

    /// <summary>The head of a POST whose body is still to come.</summary>
    internal Task BeginPostAsync(string token, int length, string more = "") =>
        SendAsync($"POST /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n");

    internal async Task SendAsync(string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends a byte now and then until the service has had enough.</summary>
    /// <returns>The line of its answer, or nothing when it gave none; and after how long it closed.</returns>
    internal async Task<(string Answer, TimeSpan After)> DripAsync(TimeSpan pause, TimeSpan atMost)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var over = new CancellationTokenSource(atMost);
        var reading = ReadAsync(over.Token);
        while (await Task.WhenAny(reading, Task.Delay(pause, TimeProvider.System)) != reading)
        {
            try
            {
                await socket.SendAsync("x"u8.ToArray(), over.Token);
            }
            catch (SocketException)
            {
                // It has closed: what it said before is still there to be read.
                break;
            }
        }

        return (await reading, TimeProvider.System.GetElapsedTime(started));
    }

    /// <summary>The first line of what comes next.</summary>
    internal async Task<string> ReadLineAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var buffer = new byte[4096];
        return Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer, deadline.Token)).Split('\r')[0];
    }

    /// <summary>What comes until the service closes the connection; its first line.</summary>
    internal async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, cancellationToken) is > 0 and var count)
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // Reset is closed too.
        }

        return text.ToString().Split('\r')[0];
    }

    /// <summary>Whether the service closes the connection without a word.</summary>
    internal async Task<bool> IsClosedAsync(TimeSpan within)
    {
        using var patience = new CancellationTokenSource(within);
        try
        {
            return await ReadAsync(patience.Token) == "";
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose() => socket.Dispose();
}
