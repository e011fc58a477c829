using System.Diagnostics;
using System.Text;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>
/// The trace state comes from outside and is copied into every event of its trace. The runtime limits that of a request to a few hundred
/// characters; a message can carry as much as its stream accepts.
/// </summary>
public sealed class TraceStateTests(SharedSystem shared)
{
    [Theory]
    [InlineData(512, true)]
    [InlineData(513, false)]
    public void An_event_carries_a_trace_state_of_up_to_512_characters(int length, bool isTaken)
    {
        using var activity = new Activity("test") { TraceStateString = $"k={new string('v', length - 2)}" };
        activity.Start();

        var stored = StoredEvent.Create(new OrderCancelled(Guid.NewGuid()), version: 1, DateTimeOffset.UnixEpoch);

        Assert.Equal(isTaken ? activity.TraceStateString : null, stored.TraceState);
        Assert.Equal(activity.Id, stored.TraceParent);
    }

    /// <summary>
    /// With the same trace state, the payment event, which is longer than the order event, would exceed the size limit of its stream.
    /// </summary>
    [Fact]
    public async Task An_order_event_with_the_largest_possible_trace_state_is_paid()
    {
        var system = await shared.StartedAsync();
        using var client = new Client(system.OrderApi.Address);
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var order = Guid.CreateVersion7();
        await Sql.ExecuteAsync(
            system.OrdersDatabase,
            "INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at) "
                + $"VALUES ('{order}', 'c', 'EUR', 1, '[]', 'pending', now(), now())");

        var length = 64 * 1024;
        while (!await IsTakenAsync(new NatsJSContext(nats), order, length))
            length -= 8;

        Assert.True(length > 60_000, $"the stream accepted a trace state of only {length} characters");
        await client.WaitForAsync(order, "paid");
    }

    private static async Task<bool> IsTakenAsync(NatsJSContext jetStream, Guid order, int length)
    {
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = Guid.NewGuid().ToString(),
            ["ce-source"] = "/tests",
            ["ce-type"] = "orders.created.v1",
            ["ce-subject"] = order.ToString(),
            ["content-type"] = "application/json",
            ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ["tracestate"] = $"k={new string('v', length)}",
        };
        var body = Encoding.UTF8.GetBytes($$"""{"orderId":"{{order}}","customerId":"c","currency":"EUR","total":1,"items":[]}""");
        PubAckResponse ack = await jetStream.PublishAsync("orders.created", body, NatsRawSerializer<byte[]>.Default, headers: headers);
        return ack.Error is null;
    }
}
