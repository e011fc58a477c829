using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using NATS.Client.Core;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Benchmarks;

/// <summary>The NATS client's parser and writer alone: the server is a buffer. A message is an event of an order with its headers.</summary>
[MemoryDiagnoser]
public class NatsWireBenchmarks : IAsyncDisposable
{
    private const int Messages = 1_000;

    private static readonly NatsHeaders Headers = CloudEvent.ToHeaders(Samples.Event, new EventSource("/order-api"));
    private readonly BufferConnection wire = new();
    private byte[] received = [];
    private NatsConnection nats = null!;
    private INatsSub<byte[]> sub = null!;

    [GlobalSetup]
    public async Task ConnectAsync()
    {
        nats = new NatsConnection(NatsOpts.Default with { SocketConnectionFactory = wire, SubPendingChannelCapacity = 2 * Messages });
        sub = await nats.SubscribeCoreAsync<byte[]>("orders.created");
        await nats.PingAsync();
        received = Render(wire.SubscriptionId);
    }

    [GlobalCleanup]
    public async ValueTask DisposeAsync()
    {
        await sub.DisposeAsync();
        await nats.DisposeAsync();
        await wire.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public async Task<long> Read()
    {
        wire.Say(received);
        var bytes = 0L;
        for (var i = 0; i < Messages; i++)
        {
            var message = await sub.Msgs.ReadAsync();
            message.EnsureSuccess();
            bytes += message.Data!.Length;
        }

        return bytes;
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public async Task Write()
    {
        for (var i = 0; i < Messages; i++)
            await nats.PublishAsync("orders.created", Samples.Event.Payload, Headers, serializer: NatsRawSerializer<byte[]>.Default);
        await nats.PingAsync();
    }

    private static byte[] Render(int subscription)
    {
        var headers = new StringBuilder("NATS/1.0\r\n");
        foreach (var (name, value) in Headers)
            headers.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        headers.Append("\r\n");
        var message = string.Create(
            CultureInfo.InvariantCulture,
            $"HMSG orders.created {subscription} {headers.Length} {headers.Length + Samples.Event.Payload.Length}\r\n{headers}{Encoding.UTF8.GetString(Samples.Event.Payload)}\r\n");
        return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(message, Messages)));
    }
}
