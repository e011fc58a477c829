using System.Text;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>M1, M3 and M5: what should not be on a stream, and what is there too often.</summary>
public sealed class DeadLetterTests(SharedSystem shared) : IAsyncLifetime
{
    private RunningSystem system = null!;
    private NatsConnection nats = null!;
    private NatsJSContext jetStream = null!;
    private Client client = null!;

    public async ValueTask InitializeAsync()
    {
        system = await shared.StartedAsync();
        nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        jetStream = new NatsJSContext(nats);
        client = new Client(system.OrderApi.Address);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await nats.DisposeAsync();
    }

    [Theory]
    [InlineData("not json", "application/json", "orders.created.v1", "the body is not")]
    [InlineData("""{"orderId":""", "application/json", "orders.created.v1", "the body is not")]
    [InlineData("""{"orderId":7,"customerId":"c","currency":"EUR","total":1,"items":[]}""", "application/json", "orders.created.v1", "$.orderId")]
    [InlineData("null", "application/json", "orders.created.v1", "null")]
    [InlineData("{}", "application/json", "orders.invented.v1", "not a known event type")]
    [InlineData("{}", "text/plain", "orders.created.v1", "content-type")]
    public async Task M1_What_cannot_be_read_is_kept_with_its_reason_and_the_next_message_is_handled(string body, string contentType, string type, string reason)
    {
        var poison = Guid.NewGuid();
        var ack = await PublishAsync("orders.created", body, poison, Guid.NewGuid(), type, contentType);
        var next = await client.PlaceAsync();

        var letter = await FindAsync(ack.Seq);
        Assert.Contains(reason, letter["dead-letter-reason"], StringComparison.Ordinal);
        Assert.Equal("orders.created", letter["dead-letter-subject"]);
        Assert.Equal("1", letter["dead-letter-deliveries"]);
        await client.WaitForAsync(next, "paid");
    }

    [Fact]
    public async Task M3_The_same_event_many_times_charges_once()
    {
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");
        var stored = await Sql.RowAsync(system.OrdersDatabase, $"SELECT event_id, convert_from(payload, 'UTF8') FROM events WHERE order_id = '{order}'");

        // With message ids of their own, so that the stream takes every copy.
        for (var i = 0; i < 100; i++)
            await PublishAsync("orders.created", (string)stored[1]!, (Guid)stored[0]!, order, "orders.created.v1", "application/json");
        await ConsumedAsync("ORDERS", "ORDER_PROCESSOR");

        Assert.Equal(1L, await Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM events WHERE order_id = '{order}'"));
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        Assert.Equal(1, System.Text.Json.JsonDocument.Parse(await gateway.GetStringAsync($"/charges?orderId={order}")).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task M5_A_second_creation_with_another_amount_is_kept_and_charges_nothing()
    {
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");

        var ack = await PublishAsync(
            "orders.created", $$"""{"orderId":"{{order}}","customerId":"c-17","currency":"EUR","total":999,"items":[]}""", Guid.NewGuid(), order, "orders.created.v1", "application/json");

        Assert.Contains("another amount", (await FindAsync(ack.Seq))["dead-letter-reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payment_of_an_order_that_does_not_exist_is_kept()
    {
        var order = Guid.NewGuid();
        var ack = await PublishAsync(
            "payments.succeeded", $$"""{"orderId":"{{order}}","paymentId":"{{Guid.NewGuid()}}","amount":1,"currency":"EUR","providerReference":"ch"}""",
            Guid.NewGuid(), order, "payments.succeeded.v1", "application/json");

        Assert.Contains("there is no order", (await FindAsync(ack.Seq, "PAYMENTS"))["dead-letter-reason"], StringComparison.Ordinal);
    }

    private async Task<PubAckResponse> PublishAsync(string subject, string body, Guid eventId, Guid order, string type, string contentType)
    {
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = eventId.ToString(),
            ["ce-source"] = "/tests",
            ["ce-type"] = type,
            ["ce-subject"] = order.ToString(),
            ["content-type"] = contentType,
        };
        var ack = await jetStream.PublishAsync(subject, Encoding.UTF8.GetBytes(body), NatsRawSerializer<byte[]>.Default, headers: headers);
        ack.EnsureSuccess();
        return ack;
    }

    /// <summary>Waits for the dead letter of the message at this place of the stream.</summary>
    private async Task<Dictionary<string, string>> FindAsync(ulong sequence, string stream = "ORDERS")
    {
        var reader = await jetStream.CreateOrUpdateConsumerAsync("DEAD_LETTERS", new ConsumerConfig($"test-{Guid.NewGuid():N}") { AckPolicy = ConsumerConfigAckPolicy.None });
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await foreach (var letter in reader.ConsumeAsync(NatsRawSerializer<byte[]>.Default, cancellationToken: deadline.Token))
        {
            var headers = letter.Headers!.ToDictionary(header => header.Key, header => header.Value.ToString());
            if (headers["dead-letter-sequence"] == $"{sequence}" && headers["dead-letter-stream"] == stream)
                return headers;
        }

        throw new Xunit.Sdk.XunitException($"No dead letter for message {sequence} of {stream}.");
    }

    private async Task ConsumedAsync(string stream, string consumer) => await Eventually.GetAsync(
        $"{consumer} has nothing left",
        async () => (await jetStream.GetConsumerAsync(stream, consumer)).Info,
        info => info.NumPending == 0 && info.NumAckPending == 0);
}
