using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrderSystem.Tests.Support;

/// <summary>An HTTP server that sends scripted raw responses, also incomplete ones.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    internal const string HeadAndSilence = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
    internal const string Unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Func<int, string> answer;
    private readonly Task accepting;
    private int requests;

    /// <param name="answer">Returns the response to the request with this number, from 1. The connection ends after <c>Connection:
    /// close</c>.</param>
    internal ScriptedServer(Func<int, string> answer)
    {
        this.answer = answer;
        listener.Start();
        accepting = AcceptAsync();
    }

    internal Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    internal int Requests => Volatile.Read(ref requests);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        listener.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
                serving.Add(ServeAsync(await listener.AcceptSocketAsync(stopping.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                var buffer = new byte[16 * 1024];
                while (await socket.ReceiveAsync(buffer, stopping.Token) is > 0 and var count)
                {
                    // A body arrives with its headers or in a packet of its own, which has no request line.
                    if (!Encoding.Latin1.GetString(buffer, 0, count).Contains(" HTTP/1.1\r\n", StringComparison.Ordinal))
                        continue;
                    var text = answer(Interlocked.Increment(ref requests));
                    await socket.SendAsync(Encoding.Latin1.GetBytes(text), stopping.Token);
                    if (text.Contains("Connection: close", StringComparison.Ordinal))
                        break;
                }
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                // The client has closed the connection, or the test is over.
            }
        }
    }
}
