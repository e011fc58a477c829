using System.Net.Sockets;
using System.Text;

namespace OrderSystem.Tests.Support;

/// <summary>A connection by hand, so that no client is politer than an attacker.</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
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

    internal Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    internal async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var deadline = new CancellationTokenSource(Patience);
        await socket.SendAsync(bytes, deadline.Token);
    }

    /// <summary>Tells the service that nothing more will come; it can still answer.</summary>
    internal void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Sends a byte now and then until the service has had enough.</summary>
    /// <returns>The first line of its answer, or nothing when it gave none; and after how long it closed.</returns>
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
                // It has closed: what it said before is still there to be read.
                break;
            }
        }

        return (FirstLine(await reading), TimeProvider.System.GetElapsedTime(started));
    }

    /// <summary>The first line of what comes next.</summary>
    internal async Task<string> ReadLineAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var buffer = new byte[4096];
        return FirstLine(Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer, deadline.Token)));
    }

    /// <summary>What comes until the service closes the connection.</summary>
    internal async Task<string> ReadToEndAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, deadline.Token) is > 0 and var count)
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // Reset is closed too.
        }
        catch (OperationCanceledException late)
        {
            throw new Xunit.Sdk.XunitException($"The service has not closed the connection within {Patience.TotalSeconds} s; so far it said: {text}", late);
        }

        return text.ToString();
    }

    /// <summary>Whether the service closes the connection without a word.</summary>
    internal async Task<bool> IsClosedAsync(TimeSpan within)
    {
        using var patience = new CancellationTokenSource(within);
        try
        {
            return await socket.ReceiveAsync(new byte[1], patience.Token) == 0;
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
