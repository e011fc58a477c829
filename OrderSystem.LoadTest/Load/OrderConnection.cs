using System.Net.Security;
using System.Net.Sockets;
using OrderSystem.LoadTest.Measuring;

namespace OrderSystem.LoadTest.Load;

/// <summary>
/// One client: a connection that sends one order at a time. It implements the few parts of HTTP/1.1 that it needs, because the generator
/// shares the machine with the system, and HttpClient would use several times the CPU per order.
/// </summary>
internal sealed class OrderConnection(Uri api, OrderRequests requests, Recorder recorder, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private readonly byte[] request = new byte[requests.MaxLength];
    private byte[] received = new byte[8 * 1024];
    private CancellationTokenSource deadline = new();
    private Stream? stream;

    /// <summary>Places one order and records the result; false if it was not accepted.</summary>
    /// <param name="number">Its number, which makes its Idempotency-Key unique.</param>
    /// <param name="intended">When it was due.</param>
    internal async ValueTask<bool> PlaceAsync(long number, long intended)
    {
        if (!deadline.TryReset())
        {
            deadline.Dispose();
            deadline = new();
        }

        deadline.CancelAfter(RequestTimeout);
        try
        {
            var length = requests.Write(number, request);
            stream ??= await ConnectAsync(deadline.Token);
            recorder.Sent(intended);
            await stream.WriteAsync(request.AsMemory(0, length), deadline.Token);
            var answer = await ReceiveAsync(stream, deadline.Token);
            recorder.Answered(intended, answer.Status, answer.OrderId);
            if (answer.Closes)
                Disconnect();
            return answer.OrderId is not null;
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException)
        {
            recorder.Lost(failure);
            Disconnect();
            return false;
        }
    }

    /// <summary>The wait after a refusal: without it, an overloaded system would get even more requests.</summary>
    internal Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);

    public void Dispose()
    {
        Disconnect();
        deadline.Dispose();
    }

    private async Task<Answer> ReceiveAsync(Stream from, CancellationToken cancellationToken)
    {
        for (var filled = 0; ;)
        {
            if (filled == received.Length)
                Array.Resize(ref received, received.Length * 2);
            var read = await from.ReadAsync(received.AsMemory(filled), cancellationToken);
            if (read == 0)
                throw new EndOfStreamException();
            filled += read;
            if (Answer.TryRead(received.AsSpan(0, filled), out var answer, out _))
                return answer;
        }
    }

    private async Task<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(api.Host, api.Port, cancellationToken);
            Stream plain = new NetworkStream(socket, ownsSocket: true);
            if (api.Scheme != Uri.UriSchemeHttps)
                return plain;
            var secured = new SslStream(plain);
            await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = api.Host }, cancellationToken);
            return secured;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Disconnect()
    {
        stream?.Dispose();
        stream = null;
    }
}
