using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// Whoever may publish on a stream can take the message id of an event before it is published. The stream then acknowledges the event as a
/// duplicate, and nobody is given it: only repair notices.
/// </summary>
public sealed class PoisonedMessageIdTests
{
    [Fact]
    public async Task An_event_whose_message_id_was_taken_is_sent_again_under_another_one_and_charged_once()
    {
        await using var system = await FaultSystem.StartAsync(settings: [("Sweeper__After", "00:00:02")]);
        using var client = new Client(system.Apis[0].Address);
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.UrlOf(NatsUsers.OrderApi), InboxPrefix = $"_INBOX_{NatsUsers.OrderApi}" });
        var jetStream = new NatsJSContext(nats);

        // While the API is cut off, its event waits in the outbox, and its id can be read there.
        system.ApiNats.Refuses = true;
        system.ApiNats.CutAll();
        var order = await client.PlaceAsync();
        var eventId = await Sql.ScalarAsync<Guid>(system.OrdersDatabase, $"SELECT event_id FROM events WHERE order_id = '{order}'");
        var taken = await jetStream.PublishAsync("orders.created", "not an event"u8.ToArray(), NatsRawSerializer<byte[]>.Default, new NatsJSPubOpts { MsgId = eventId.ToString() });
        taken.EnsureSuccess();
        system.ApiNats.Refuses = false;

        await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(60));
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        Assert.Single((await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}")).EnumerateArray());
        Assert.Contains("are sent again", system.Apis[0].Output, StringComparison.Ordinal);

        // What took its place is kept, with the reason.
        await using var reader = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        await Eventually.GetAsync(
            "the forgery is a dead letter",
            async () => (await new NatsJSContext(reader).GetStreamAsync("DEAD_LETTERS")).Info.State.Messages,
            letters => letters == 1);
    }
}
