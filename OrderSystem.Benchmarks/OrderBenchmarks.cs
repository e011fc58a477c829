using System.Text.Json;
using BenchmarkDotNet.Attributes;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.Benchmarks;

/// <summary>What the API does with one order between the socket and the database.</summary>
[MemoryDiagnoser]
public class OrderBenchmarks
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private readonly PlaceOrderRequest request = Read()!;

    [Benchmark]
    public object? ReadRequest() => Read();

    [Benchmark]
    public Money Validate()
    {
        if (PlaceOrderValidation.Validate(request, out _, out var total) is not null)
            throw new InvalidOperationException("The sample is not valid.");
        return total;
    }

    [Benchmark]
    public object WriteEvent() => StoredEvent.Create(Samples.Created, version: 1, Now);

    private static PlaceOrderRequest? Read() => JsonSerializer.Deserialize(Samples.Request, PlaceOrderJson.Default.PlaceOrderRequest);
}
