using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.JetStream;
using Xunit;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>Mutated headers and bodies of events, in process: each is read, or rejected with a reason that a header can hold.</summary>
[Fast]
public sealed class EnvelopeFuzzTests
{
    private static readonly string[] Names =
    [
        CloudEvent.SpecVersion, CloudEvent.Id, CloudEvent.Source, CloudEvent.Type, CloudEvent.Subject, CloudEvent.Time,
        CloudEvent.OrderVersion, CloudEvent.ContentType,
        CloudEvent.TraceParent, CloudEvent.TraceState, DeadLetterFormat.ReplayOf, "Nats-Msg-Id", "Nats-Rollup",
    ];

    [Fact]
    public async Task Every_envelope_and_every_body_is_read_or_rejected_with_a_reason()
    {
        var run = new FuzzRun("envelope", usualSeconds: 3);
        var context = new NatsJSContext(new NatsConnection());
        var (read, rejected) = (0, 0);
        await run.RunAsync(input =>
        {
            var random = input.Random;
            var sample = random.OneOf(Samples.Events);
            var stored = Samples.Store(sample);
            var headers = CloudEvent.ToHeaders(stored, new EventSource("/fuzz"));
            for (var changes = random.Next(0, 3); changes > 0; changes--)
                Change(random, headers);
            var body = JsonMutator.Encode(random, JsonMutator.Write(random, JsonNode.Parse(stored.Payload), random.OneOf([0, 0.05, 0.3])));
            var replyTo = random.Hits(0.9) ? "$JS.ACK.ORDERS.C.3.10.20.1700000000123456789.7" : HostileValues.Line(random);
            input.Text = $"{replyTo}\n{string.Join('\n', headers.Select(header => $"{header.Key}: {header.Value}"))}\n"
                + HostileValues.Show(body);

            var message = new NatsJSMsg<byte[]>(new NatsMsg<byte[]>("orders.created", replyTo, 0, headers, body, null), context);
            _ = CloudEvent.ReadCreationContext(headers);
            if (Read(message, out var reason))
                read++;
            else
                rejected++;
            if (reason is not null)
                Assert.DoesNotContain(DeadLetterFormat.OneLine(reason), char.IsControl);
            Assert.DoesNotMatch(@"[\s*>]", DeadLetterFormat.SubjectOf("ORDERS", CloudEvent.Read(headers, CloudEvent.Subject)));
            return Task.CompletedTask;
        });
        Assert.True(read > 100 && rejected > 100, $"{read} were read and {rejected} rejected: one of the cases is hardly covered.");
    }

    private static bool Read(INatsJSMsg<byte[]> message, out string? reason)
    {
        if (!ReceivedEnvelope.TryRead(message, out var envelope, out reason))
            return Rejected(reason);
        if (EventType.Find(envelope.Type) is not { } type)
            return Rejected("not a known event type");
        return type.Json.Type.Name switch
        {
            nameof(OrderCreated) => ReadBody<OrderCreated>(envelope, message, type, out reason),
            nameof(OrderCancelled) => ReadBody<OrderCancelled>(envelope, message, type, out reason),
            nameof(PaymentSucceeded) => ReadBody<PaymentSucceeded>(envelope, message, type, out reason),
            nameof(PaymentDeclined) => ReadBody<PaymentDeclined>(envelope, message, type, out reason),
            nameof(RefundRequested) => ReadBody<RefundRequested>(envelope, message, type, out reason),
            nameof(ChargeRefunded) => ReadBody<ChargeRefunded>(envelope, message, type, out reason),
            nameof(RefundFailed) => ReadBody<RefundFailed>(envelope, message, type, out reason),
            nameof(PaymentRefunded) => ReadBody<PaymentRefunded>(envelope, message, type, out reason),
            _ => ReadBody<PaymentReviewRequired>(envelope, message, type, out reason),
        };
    }

    private static bool ReadBody<TEvent>(ReceivedEnvelope envelope, INatsJSMsg<byte[]> message, EventType type, out string? reason)
        where TEvent : class, IOrderEvent
    {
        if (!envelope.TryReadBody<TEvent>(message.Data, type, out var body, out reason))
            return Rejected(reason);
        Assert.Equal(envelope.OrderId, body.OrderId);
        Assert.NotNull(JsonSerializer.Serialize(body, type.Json));
        return true;
    }

    private static bool Rejected(string? reason)
    {
        Assert.False(string.IsNullOrWhiteSpace(reason));
        return false;
    }

    private static void Change(Random random, NatsHeaders headers)
    {
        var name = random.OneOf(Names);
        switch (random.Next(4))
        {
            case 0:
                headers.Remove(name);
                break;
            case 1:
                headers[name] = new Microsoft.Extensions.Primitives.StringValues([HostileValues.Text(random), HostileValues.Text(random)]);
                break;
            case 2:
                headers[name] = Encoding.Latin1.GetString(HostileValues.Bytes(
                    random, Encoding.Latin1.GetBytes(headers.TryGetLastValue(name, out var value) ? value! : "x")));
                break;
            default:
                headers[name] = HostileValues.Text(random);
                break;
        }
    }

    /// <summary>One valid event of each kind.</summary>
    private static class Samples
    {
        private static readonly Guid Order = Guid.Parse("01900000-0000-7000-8000-000000000001");
        private static readonly Guid Payment = Guid.Parse("01900000-0000-7000-8000-000000000002");

        internal static IReadOnlyList<IOrderEvent> Events { get; } =
        [
            new OrderCreated(Order, "c-17", "EUR", 39.98m, [new("SKU-1", 2, 19.99m)]),
            new OrderCancelled(Order, "changed their mind"),
            new RefundRequested(Order, Payment, 9.98m, "EUR", "damaged"),
            new PaymentSucceeded(Order, Payment, 39.98m, "EUR", "ch_1"),
            new PaymentDeclined(Order, Payment, 39.98m, "EUR", "no"),
            new PaymentRefunded(Order, Payment, 39.98m, "EUR", "re_1"),
            new ChargeRefunded(Order, Payment, Payment, 9.98m, 9.98m, "EUR", "re_1", RefundSource.Provider),
            new RefundFailed(Order, Payment, Payment, 9.98m, "EUR", "charge_disputed"),
            new PaymentReviewRequired(Order, Payment, "unknown outcome"),
        ];

        internal static StoredEvent Store(IOrderEvent body) => body switch
        {
            OrderCreated created => StoredEvent.Create(created, 1, DateTimeOffset.UnixEpoch),
            OrderCancelled cancelled => StoredEvent.Create(cancelled, 2, DateTimeOffset.UnixEpoch),
            RefundRequested requested => StoredEvent.Create(requested, 2, DateTimeOffset.UnixEpoch),
            ChargeRefunded charge => StoredEvent.Create(charge, 2, DateTimeOffset.UnixEpoch),
            RefundFailed failed => StoredEvent.Create(failed, 2, DateTimeOffset.UnixEpoch),
            PaymentSucceeded succeeded => StoredEvent.Create(succeeded, 1, DateTimeOffset.UnixEpoch),
            PaymentDeclined declined => StoredEvent.Create(declined, 1, DateTimeOffset.UnixEpoch),
            PaymentRefunded refunded => StoredEvent.Create(refunded, 2, DateTimeOffset.UnixEpoch),
            PaymentReviewRequired review => StoredEvent.Create(review, 1, DateTimeOffset.UnixEpoch),
            _ => throw new InvalidOperationException($"{body} is no event"),
        };
    }
}
