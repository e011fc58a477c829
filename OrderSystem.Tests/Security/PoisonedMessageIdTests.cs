using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// A client that may publish to a stream can use the message id of an event before the event is published. The stream then acknowledges the
/// event as a duplicate and delivers it to no consumer: only the republishing of stalled orders repairs that.
/// </summary>
public sealed class PoisonedMessageIdTests
{
    [Fact]
    public async Task An_event_whose_message_id_is_already_used_is_republished_and_charged_once()
    {
        await using var system = await FaultSystem.StartAsync(settings: [("Sweeper__After", "00:00:02")]);
        using var client = new Client(system.Apis[0].Address);
        await using var nats = new NatsConnection(
            new NatsOpts { Url = system.Nats.UrlOf(NatsUsers.OrderApi), InboxPrefix = $"_INBOX_{NatsUsers.OrderApi}" });
        var jetStream = new NatsJSContext(nats);

        // While the API has no connection to NATS, its event waits in the outbox, where the test reads its id.
        system.ApiNats.Refuses = true;
        system.ApiNats.CutAll();
        var order = await client.PlaceAsync();
        var eventId = await Sql.ScalarAsync<Guid>(system.OrdersDatabase, $"SELECT event_id FROM events WHERE order_id = '{order}'");
        var taken = await jetStream.PublishAsync(
            "orders.created", "not an event"u8.ToArray(),
            NatsRawSerializer<byte[]>.Default, new NatsJSPubOpts { MsgId = eventId.ToString() });
        taken.EnsureSuccess();
        system.ApiNats.Refuses = false;

        await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(60));
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        Assert.Single((await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}")).EnumerateArray());
        Assert.Contains("stalled orders", system.Apis[0].Output, StringComparison.Ordinal);

        await using var reader = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        await Eventually.GetAsync(
            "the forgery is a dead letter",
            async () => (await new NatsJSContext(reader).GetStreamAsync("DEAD_LETTERS")).Info.State.Messages,
            letters => letters == 1);
    }
}
