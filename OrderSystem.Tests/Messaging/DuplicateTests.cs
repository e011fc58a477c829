using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>M3: an event that is published to its stream more than once.</summary>
public sealed class DuplicateTests
{
    [Fact]
    public async Task M3_An_event_published_a_thousand_times_or_after_the_duplicate_window_charges_once()
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");
        var reader = await jetStream.CreateConsumerAsync("ORDERS", new ConsumerConfig { AckPolicy = ConsumerConfigAckPolicy.None });
        var original = (await reader.NextAsync(
            NatsRawSerializer<byte[]>.Default, new NatsJSNextOpts { Expires = TimeSpan.FromSeconds(5) }))!;
        var eventId = original.Headers!["ce-id"].ToString();
        Assert.Equal(eventId, original.Headers["Nats-Msg-Id"].ToString());

        // A thousand copies under distinct message ids, so that the stream accepts each of them.
        await Parallel.ForEachAsync(Enumerable.Range(0, 1_000), new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (_, _) => await PublishAsync(Guid.NewGuid().ToString()));
        Assert.Equal(1_001, await ConsumedAsync());

        // Under its original message id the stream drops it within the duplicate window and accepts it afterwards.
        Assert.True((await PublishAsync(eventId)).Duplicate);
        var config = (await jetStream.GetStreamAsync("ORDERS")).Info.Config;
        await jetStream.UpdateStreamAsync(config with { DuplicateWindow = TimeSpan.FromMilliseconds(100) });
        await Eventually.BeTrueAsync("the duplicate window is over", async () => !(await PublishAsync(eventId)).Duplicate);
        Assert.Equal(1_002, await ConsumedAsync());

        Assert.Equal(1L, await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments"));
        Assert.Equal(1L, await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM events"));
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        var calls = (await gateway.GetFromJsonAsync<JsonElement>("/ledger/summary")).GetProperty("attempts").EnumerateObject()
            .ToDictionary(call => call.Name, call => call.Value.GetInt32());
        Assert.Equal(1, calls.Values.Sum());
        Assert.Single((await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}")).EnumerateArray());
        Assert.Equal(0, (int)(await jetStream.GetStreamAsync("DEAD_LETTERS")).Info.State.Messages);
        Assert.Equal("paid", (await client.GetAsync(order)).GetProperty("status").GetString());

        async Task<PubAckResponse> PublishAsync(string messageId)
        {
            var copy = new NatsHeaders(original.Headers!.Where(header => header.Key != "Nats-Msg-Id").ToDictionary());
            var ack = await jetStream.PublishAsync(
                "orders.created", original.Data, NatsRawSerializer<byte[]>.Default, new NatsJSPubOpts { MsgId = messageId }, copy);
            Assert.Null(ack.Error);
            return ack;
        }

        async Task<int> ConsumedAsync() => (int)(await Eventually.GetAsync(
            "ORDER_PROCESSOR has no pending and no unacknowledged messages",
            async () => (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).Info,
            info => info.NumPending == 0 && info.NumAckPending == 0)).AckFloor.StreamSeq;
    }
}
