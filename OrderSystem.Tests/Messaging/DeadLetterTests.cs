using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>M1, M5 and H11: poison messages, contradicting events and names with NATS syntax.</summary>
public sealed partial class DeadLetterTests(SharedSystem shared) : IAsyncLifetime
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
    [InlineData(
        """{"orderId":7,"customerId":"c","currency":"EUR","total":1,"items":[]}""", "application/json", "orders.created.v1", "$.orderId")]
    [InlineData("null", "application/json", "orders.created.v1", "null")]
    [InlineData("""{"orderId":"7b1c0b6e-0000-7000-8000-000000000000","customerId":"c","currency":"EUR","total":1,"items":[]}""",
        "application/json", "orders.created.v0", "not a known event type")]
    [InlineData("{}", "application/json", "orders.created.next", "not a known event type")]
    [InlineData("{}", "application/json", "orders.invented.v1", "not a known event type")]
    [InlineData("{}", "text/plain", "orders.created.v1", "content-type")]
    public async Task M1_An_unreadable_message_is_dead_lettered_with_its_reason_and_the_next_one_is_handled(
        string body, string contentType, string type, string reason)
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
    public async Task M1_Text_that_PostgreSQL_cannot_store_is_dead_lettered_with_its_reason()
    {
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");

        var ack = await PublishAsync(
            "payments.declined",
            $$"""{"orderId":"{{order}}","paymentId":"{{Guid.NewGuid()}}","amount":1,"currency":"EUR","reason":"no\u0000"}""",
            Guid.NewGuid(), order, "payments.declined.v1", "application/json");

        var letter = await FindAsync(ack.Seq, "PAYMENTS");
        Assert.Contains("cannot be stored", letter["dead-letter-reason"], StringComparison.Ordinal);
        Assert.Equal("1", letter["dead-letter-deliveries"]);
        await client.WaitForAsync(order, "paid");
    }

    [Fact]
    public async Task M5_A_second_creation_with_another_amount_is_dead_lettered_and_not_charged()
    {
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");

        var ack = await PublishAsync(
            "orders.created", $$"""{"orderId":"{{order}}","customerId":"c-17","currency":"EUR","total":999,"items":[]}""", Guid.NewGuid(),
            order, "orders.created.v1", "application/json");

        Assert.Contains("another amount", (await FindAsync(ack.Seq))["dead-letter-reason"], StringComparison.Ordinal);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        var charge = Assert.Single((await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}")).EnumerateArray());
        Assert.Equal(39.98m, charge.GetProperty("amount").GetDecimal());
        await client.WaitForAsync(order, "paid");
    }

    [Theory]
    [InlineData("a.>")]
    [InlineData("*")]
    [InlineData("orders.created")]
    [InlineData("$JS.API.STREAM.PURGE.ORDERS")]
    [InlineData("dead-letters.ORDERS.x")]
    public async Task H11_Names_with_NATS_wildcards_or_subjects_never_become_part_of_a_subject(string name)
    {
        // Every subject that any client of this server publishes to while the names are processed.
        var subjects = new ConcurrentQueue<string>();
        await using var listener = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        await using var everything = await listener.SubscribeCoreAsync(">", serializer: NatsRawSerializer<byte[]>.Default);
        await listener.PingAsync();
        var listening = Task.Run(async () =>
        {
            await foreach (var heard in everything.Msgs.ReadAllAsync())
                subjects.Enqueue(heard.Subject);
        });

        using var response = await client.Http.PostAsJsonAsync(
            "/orders", new { customerId = name, currency = "EUR", items = new[] { new { sku = name, quantity = 1, unitPrice = 5m } } });
        var order = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        var ack = await PublishAsync("orders.created", "not json", Guid.NewGuid(), name, "orders.created.v1", "application/json");
        Assert.Equal("dead-letters.ORDERS.none", (await FindAsync(ack.Seq))["subject"]);
        var stored = await client.WaitForAsync(order, "paid");
        using var listed = await client.Http.GetAsync(new Uri($"/orders?customerId={Uri.EscapeDataString(name)}", UriKind.Relative));
        foreach (var path in new[] { $"/orders/{Uri.EscapeDataString(name)}", $"/orders/{Uri.EscapeDataString(name)}/timeline" })
        {
            using var none = await client.Http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        }

        await everything.UnsubscribeAsync();
        await listening;
        Assert.Equal(
            (name, name), (stored.GetProperty("customerId").GetString(), stored.GetProperty("items")[0].GetProperty("sku").GetString()));
        Assert.All(
            (await listed.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray(),
            item => Assert.Equal(name, item.GetProperty("customerId").GetString()));
        Assert.Contains("orders.created", subjects);
        Assert.DoesNotContain(subjects, subject => !ExpectedSubject().IsMatch(subject));
    }

    [Fact]
    public async Task A_payment_event_for_an_unknown_order_is_dead_lettered()
    {
        var order = Guid.NewGuid();
        var ack = await PublishAsync(
            "payments.succeeded",
            $$"""{"orderId":"{{order}}","paymentId":"{{Guid.NewGuid()}}","amount":1,"currency":"EUR","providerReference":"ch"}""",
            Guid.NewGuid(), order, "payments.succeeded.v1", "application/json");

        Assert.Contains("there is no order", (await FindAsync(ack.Seq, "PAYMENTS"))["dead-letter-reason"], StringComparison.Ordinal);
    }

    /// <summary>
    /// The subjects of the system and its servers: events, dead letters by order, and the JetStream protocol of the declared consumers.
    /// </summary>
    [GeneratedRegex(
        @"^(orders\.(created|cancelled)|payments\.(succeeded|declined|refunded|review[a-zA-Z-]*)"
        + @"|dead-letters\.(ORDERS|PAYMENTS)\.(none|[0-9a-f-]{36})|_INBOX(_[a-z-]+)?\..+"
        + @"|\$JS\.(ACK|EVENT|API\.(INFO|CONSUMER|STREAM\.(INFO|NAMES|LIST|CREATE|MSG)|DIRECT))\b.*)$")]
    private static partial Regex ExpectedSubject();

    private Task<PubAckResponse> PublishAsync(string subject, string body, Guid eventId, Guid order, string type, string contentType) =>
        PublishAsync(subject, body, eventId, order.ToString(), type, contentType);

    private async Task<PubAckResponse> PublishAsync(
        string subject, string body, Guid eventId, string order, string type, string contentType)
    {
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = eventId.ToString(),
            ["ce-source"] = "/tests",
            ["ce-type"] = type,
            ["ce-subject"] = order,
            ["content-type"] = contentType,
        };
        var ack = await jetStream.PublishAsync(subject, Encoding.UTF8.GetBytes(body), NatsRawSerializer<byte[]>.Default, headers: headers);
        ack.EnsureSuccess();
        return ack;
    }

    /// <summary>Waits for the dead letter of the message with this stream sequence.</summary>
    private async Task<Dictionary<string, string>> FindAsync(ulong sequence, string stream = "ORDERS")
    {
        var reader = await jetStream.CreateOrUpdateConsumerAsync(
            "DEAD_LETTERS", new ConsumerConfig($"test-{Guid.NewGuid():N}") { AckPolicy = ConsumerConfigAckPolicy.None });
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await foreach (var letter in reader.ConsumeAsync(NatsRawSerializer<byte[]>.Default, cancellationToken: deadline.Token))
        {
            var headers = letter.Headers!.ToDictionary(header => header.Key, header => header.Value.ToString());
            if (headers["dead-letter-sequence"] == $"{sequence}" && headers["dead-letter-stream"] == stream)
                return new(headers) { ["subject"] = letter.Subject };
        }

        throw new Xunit.Sdk.XunitException($"No dead letter for message {sequence} of {stream}.");
    }
}
