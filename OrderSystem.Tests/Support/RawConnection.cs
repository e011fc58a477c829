using System.Net.Sockets;
using System.Text;

namespace OrderSystem.Tests.Support;

/// <summary>A raw HTTP connection, because an HTTP client would not misbehave like an attacker.</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    internal static async Task<RawConnection> OpenAsync(Uri service)
    {
        var connection = new RawConnection();
        await connection.socket.ConnectAsync(service.Host, service.Port);
        return connection;
    }

    /// <summary>Sends the headers of a POST whose body is still to come.</summary>
    internal Task BeginPostAsync(string token, int length, string more = "") =>
        SendAsync(
            $"POST /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n");

    internal Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    internal async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var deadline = new CancellationTokenSource(Timeout);
        await socket.SendAsync(bytes, deadline.Token);
    }

    /// <summary>Shuts down the sending side; the service can still respond.</summary>
    internal void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Sends single bytes slowly until the service closes the connection.</summary>
    /// <returns>The first line of the response, empty without one, and the time until the service closed the connection.</returns>
    internal async Task<(string Answer, TimeSpan After)> DripAsync(TimeSpan pause)
    {
        var started = TimeProvider.System.GetTimestamp();
        var reading = ReadToEndAsync();
        while (await Task.WhenAny(reading, Task.Delay(pause, TimeProvider.System)) != reading)
        {
            try
            {
                await SendAsync("x");
            }
            catch (SocketException)
            {
                // The service has closed the connection; its response can still be read.
                break;
            }
        }

        return (FirstLine(await reading), TimeProvider.System.GetElapsedTime(started));
    }

    /// <summary>Receives data once and returns its first line.</summary>
    internal async Task<string> ReadLineAsync()
    {
        using var deadline = new CancellationTokenSource(Timeout);
        var buffer = new byte[4096];
        return FirstLine(Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer, deadline.Token)));
    }

    /// <summary>Receives data until the service closes the connection.</summary>
    internal async Task<string> ReadToEndAsync()
    {
        using var deadline = new CancellationTokenSource(Timeout);
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, deadline.Token) is > 0 and var count)
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // A reset connection is closed, too.
        }
        catch (OperationCanceledException late)
        {
            throw new Xunit.Sdk.XunitException(
                $"The service has not closed the connection within {Timeout.TotalSeconds} s; received so far: {text}", late);
        }

        return text.ToString();
    }

    /// <summary>Whether the service closes the connection without a response.</summary>
    internal async Task<bool> IsClosedAsync(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        try
        {
            return await socket.ReceiveAsync(new byte[1], deadline.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose() => socket.Dispose();

    private static string FirstLine(string text) => text.Split('\r')[0];
}
