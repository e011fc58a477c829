using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace OrderSystem.LoadTest.Self;

/// <summary>Measures acknowledged publishes per second into a stream on disk without other load: an upper bound for a relay.</summary>
internal static class PublishRate
{
    private const int Bytes = 400;
    private const int InFlight = 1_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    internal static async Task<double> MeasureAsync(
        string parent, bool syncsAlways, TimeProvider time, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(parent, "publish");
        Directory.CreateDirectory(folder);
        await using var server = await NatsServer.StartAsync(folder, hasUsers: false, syncsAlways);
        await using var nats = new NatsConnection(NatsOpts.Default with { Url = server.UrlOf("anyone") });
        var jetStream = new NatsJSContext(nats);
        await jetStream.CreateStreamAsync(new StreamConfig("PUBLISH", ["publish"]), cancellationToken);
        await PublishAsync(jetStream, WarmUp, time, cancellationToken);
        var perSecond = await PublishAsync(jetStream, Duration, time, cancellationToken);
        Directory.Delete(folder, recursive: true);
        return perSecond;
    }

    private static async Task<double> PublishAsync(
        NatsJSContext jetStream, TimeSpan duration, TimeProvider time, CancellationToken cancellationToken)
    {
        var (start, acknowledged, body) = (time.GetTimestamp(), 0L, new byte[Bytes]);
        var flight = new Queue<NatsJSPublishConcurrentFuture>(InFlight);
        while (time.GetElapsedTime(start) < duration)
        {
            while (flight.Count < InFlight)
                flight.Enqueue(await jetStream.PublishConcurrentAsync(
                    "publish", body, NatsRawSerializer<byte[]>.Default, cancellationToken: cancellationToken));
            await CompleteOneAsync();
        }

        while (flight.Count > 0)
            await CompleteOneAsync();
        return acknowledged / time.GetElapsedTime(start).TotalSeconds;

        async ValueTask CompleteOneAsync()
        {
            await using var next = flight.Dequeue();
            (await next.GetResponseAsync(cancellationToken)).EnsureSuccess();
            acknowledged++;
        }
    }
}
