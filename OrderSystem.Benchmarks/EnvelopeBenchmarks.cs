using BenchmarkDotNet.Attributes;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Benchmarks;

/// <summary>An event between the ledger and the wire, and between the wire and its handler.</summary>
[MemoryDiagnoser]
public class EnvelopeBenchmarks
{
    private static readonly EventSource Source = new("/order-api");
    private readonly NatsJSMsg<byte[]> message = new(
        new NatsMsg<byte[]>(
            "orders.created", "$JS.ACK.ORDERS.ORDER_PROCESSOR.1.10.20.1700000000123456789.7", 0,
            CloudEvent.ToHeaders(Samples.Event, Source), Samples.Event.Payload, null),
        new NatsJSContext(new NatsConnection()));

    [Benchmark]
    public object WriteHeaders() => CloudEvent.ToHeaders(Samples.Event, Source);

    [Benchmark]
    public object ReadEvent()
    {
        if (!ReceivedEnvelope.TryRead(message, out var envelope, out var problem)
            || !envelope.TryReadBody<OrderCreated>(message.Data, EventType.Of<OrderCreated>(), out var body, out problem))
            throw new InvalidOperationException(problem);
        return body;
    }
}
