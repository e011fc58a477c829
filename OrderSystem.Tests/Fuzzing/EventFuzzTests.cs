using System.Text.Json.Nodes;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Xunit;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>
/// Mutated events on the streams of a running system: each is handled or dead-lettered soon, and none changes an order or a charge.
/// </summary>
public sealed class EventFuzzTests(FuzzedSystem fuzzed) : IClassFixture<FuzzedSystem>
{
    /// <summary>The size limit of the streams; the server itself rejects larger messages.</summary>
    private const int LargestMessage = 60 * 1024;

    private const int BatchSize = 1_000;

    /// <summary>Without a requested refund: that of no order waits half an hour for its payment, that of a paid order is made.</summary>
    private static readonly string[] Types =
    [
        "orders.created.v1", "orders.cancelled.v1", "payments.succeeded.v1", "payments.declined.v1",
        "payments.refunded.v1", "payments.review.v1", "payments.refunded.v2", "payments.refund_failed.v1",
        "orders.created.v0", "orders.created", "payments.invented.v1",
    ];

    private static readonly string[] TakesEffect =
        ["orders.cancelled.v1", "payments.refunded.v2", "payments.refund_failed.v1"];

    private static readonly string[] Headers =
    [
        "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-orderversion", "content-type",
        "traceparent", "tracestate", "dead-letter-replay-of",
    ];

    [Fact]
    public async Task Mutated_events_are_handled_or_dead_lettered_and_change_nothing()
    {
        var run = new FuzzRun("events", usualSeconds: 5);
        await run.RunAsync(
            async input =>
            {
                if (input.Number % BatchSize == 0)
                    await fuzzed.DrainAsync();
                if (input.Number == BatchSize)
                    fuzzed.RecordMemory();
                var random = input.Random;
                var order = random.OneOf(fuzzed.Paid);
                var type = random.OneOf(Types);

                // A valid cancellation or refund takes effect, because a client that may publish
                // it may have an order refunded. So it gets the id of no order.
                var subject = TakesEffect.Contains(type) ? Guid.NewGuid() : order;
                var headers = EnvelopeOf(type, subject);
                for (var changes = random.OneOf([0, 0, 1, 2]); changes > 0; changes--)
                    Change(random, headers);
                var body = JsonMutator.Encode(random, JsonMutator.Write(random, BodyOf(type, subject), random.OneOf([0, 0, 0.1, 0.4])));
                var to = type.StartsWith("payments", StringComparison.Ordinal)
                    ? $"payments.{random.OneOf(["succeeded", "declined", "odd"])}"
                    : $"orders.{random.OneOf(["created", "cancelled", "odd"])}";
                input.Text = $"{to}\n{string.Join('\n', headers.Select(header => $"{header.Key}: {header.Value}"))}\n"
                    + HostileValues.Show(body);
                if (body.Length > LargestMessage)
                    return;
                var ack = await fuzzed.JetStream.PublishAsync(to, body, NatsRawSerializer<byte[]>.Default, headers: headers);
                ack.EnsureSuccess();
            },
            lanes: 8);

        fuzzed.RecordMemory();
        await fuzzed.AssertUnharmedAsync();
    }

    private static NatsHeaders EnvelopeOf(string type, Guid order) => new()
    {
        ["ce-specversion"] = "1.0",
        ["ce-id"] = Guid.NewGuid().ToString(),
        ["ce-source"] = "/fuzz",
        ["ce-type"] = type,
        ["ce-subject"] = order.ToString(),
        ["ce-time"] = "2026-01-31T12:00:00Z",
        ["ce-orderversion"] = "1",
        ["content-type"] = "application/json",
        ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };

    private static JsonObject BodyOf(string type, Guid order) => type.StartsWith("orders.created", StringComparison.Ordinal)
        ? new()
        {
            ["orderId"] = order, ["customerId"] = "c-17", ["currency"] = "EUR", ["total"] = 39.98m,
            ["items"] = new JsonArray(new JsonObject { ["sku"] = "SKU-1", ["quantity"] = 2, ["unitPrice"] = 19.99m }),
        }
        : new()
        {
            ["orderId"] = order, ["paymentId"] = Guid.NewGuid(), ["amount"] = 39.98m, ["currency"] = "EUR",
            ["providerReference"] = "ch_1", ["reason"] = "none", ["refundId"] = Guid.NewGuid(), ["refundedTotal"] = 39.98m,
            ["source"] = "provider",
        };

    private static void Change(Random random, NatsHeaders headers)
    {
        if (random.Hits(0.15))
            headers["ce-subject"] = HostileValues.Line(random) + "x";
        else if (random.Hits(0.3))
            headers.Remove(random.OneOf(Headers));
        else
            headers[random.OneOf(Headers)] = HostileValues.Line(random);
    }
}
