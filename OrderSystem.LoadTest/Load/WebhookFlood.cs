using System.Net;
using System.Threading.Channels;

namespace OrderSystem.LoadTest.Load;

/// <summary>Forged webhooks at a fixed rate: signed with another secret than the worker's, so that all of them are refused.</summary>
internal sealed class WebhookFlood : IAsyncDisposable
{
    internal const int PerSecond = 5_000;
    private const int Connections = 32;

    private static readonly byte[] Body =
        """{"type":"charge.succeeded","data":{"id":"ch_1","orderId":"o-1","status":"succeeded","amount":9,"currency":"EUR"}}"""u8
            .ToArray();

    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http =
        new(new SocketsHttpHandler { MaxConnectionsPerServer = Connections, ActivityHeadersPropagator = null });
    private readonly Uri address;
    private readonly string now;
    private readonly Task sending;
    private long refused;
    private long others;

    private WebhookFlood(Uri worker, TimeSpan duration, TimeProvider time)
    {
        address = new(worker, "webhooks/http");
        now = $"{time.GetUtcNow().ToUnixTimeSeconds()}";
        var due = Channel.CreateUnbounded<Due>(new() { SingleWriter = true });
        new Pacer(new Schedule(PerSecond, duration), due.Writer, time, stop.Token).Start();
        sending = Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(() => SendAsync(due.Reader), CancellationToken.None)));
    }

    /// <summary>Webhooks that were answered 400.</summary>
    internal long Refused => Interlocked.Read(ref refused);

    /// <summary>Webhooks with another answer, such as 429, or none.</summary>
    internal long Others => Interlocked.Read(ref others);

    /// <param name="worker">Address of the worker.</param>
    /// <param name="duration">How long it lasts, unless it is disposed before.</param>
    /// <param name="time">The clock.</param>
    internal static WebhookFlood Start(Uri worker, TimeSpan duration, TimeProvider time) => new(worker, duration, time);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await sending;
        http.Dispose();
        stop.Dispose();
    }

    private async Task SendAsync(ChannelReader<Due> due)
    {
        while (await due.WaitToReadAsync(CancellationToken.None))
        {
            while (!stop.IsCancellationRequested && due.TryRead(out var next))
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(Body) };
                request.Headers.Add("webhook-id", $"msg_{next.Number}");
                request.Headers.Add("webhook-timestamp", now);
                request.Headers.Add("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=");
                try
                {
                    using var answer = await http.SendAsync(request, stop.Token);
                    Interlocked.Increment(ref answer.StatusCode == HttpStatusCode.BadRequest ? ref refused : ref others);
                }
                catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
                {
                    Interlocked.Increment(ref others);
                }
            }

            if (stop.IsCancellationRequested)
                return;
        }
    }
}
