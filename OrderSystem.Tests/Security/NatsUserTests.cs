using System.Text;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Connections;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>What the NATS users are not allowed to do, tested with their own credentials.</summary>
public sealed class NatsUserTests(NatsPermissionsFixture nats) : IClassFixture<NatsPermissionsFixture>
{
    private static readonly string[] Streams = ["ORDERS", "PAYMENTS", "DEAD_LETTERS"];

    [Theory]
    [InlineData(NatsUsers.OrderApi, "payments.succeeded")]
    [InlineData(NatsUsers.OrderApi, "payments.refunded")]
    [InlineData(NatsUsers.OrderApi, "dead-letters.ORDERS.none")]
    [InlineData(NatsUsers.PaymentWorker, "orders.created")]
    [InlineData(NatsUsers.PaymentWorker, "orders.cancelled")]
    [InlineData(NatsUsers.PaymentWorker, "dead-letters.PAYMENTS.none")]
    [InlineData(NatsUsers.Provisioning, "orders.created")]
    [InlineData(NatsUsers.Provisioning, "payments.succeeded")]
    [InlineData(NatsUsers.Ops, "dead-letters.ORDERS.none")]
    public async Task A_user_cannot_publish_the_events_of_another_service(string user, string subject)
    {
        await using var session = new NatsSession(nats.Server, user);
        var order = Guid.CreateVersion7();
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = Guid.CreateVersion7().ToString(),
            ["ce-source"] = "/payment-worker",
            ["ce-type"] = $"{subject}.v1",
            ["ce-subject"] = order.ToString(),
            ["Nats-Msg-Id"] = Guid.NewGuid().ToString(),
        };
        var before = await CountAsync();

        await session.PublishRefusedAsync(
            subject,
            $$"""{"orderId":"{{order}}","paymentId":"{{Guid.NewGuid()}}","amount":1,"currency":"EUR","providerReference":"ch"}""",
            headers);

        Assert.Equal(before, await CountAsync());
    }

    [Theory]
    [InlineData(NatsUsers.OrderApi)]
    [InlineData(NatsUsers.PaymentWorker)]
    [InlineData(NatsUsers.Ops)]
    [InlineData(NatsUsers.Provisioning)]
    public async Task No_user_can_delete_purge_snapshot_or_restore_a_stream(string user)
    {
        await using var session = new NatsSession(nats.Server, user);
        foreach (var stream in Streams)
        {
            foreach (var call in new[] { "STREAM.DELETE", "STREAM.PURGE", "STREAM.SNAPSHOT", "STREAM.RESTORE", "STREAM.LEADER.STEPDOWN" })
                await session.PublishRefusedAsync($"$JS.API.{call}.{stream}");
        }

        await session.PublishRefusedAsync("$JS.API.STREAM.MSG.DELETE.ORDERS", """{"seq":1}""");
        await session.PublishRefusedAsync("$JS.API.STREAM.MSG.DELETE.PAYMENTS", """{"seq":1}""");
        await session.PublishRefusedAsync("$JS.API.CONSUMER.DELETE.ORDERS.ORDER_PROCESSOR");
        await session.PublishRefusedAsync("$JS.API.CONSUMER.DELETE.PAYMENTS.PAYMENT_RESULTS");
        await session.PublishRefusedAsync("$JS.API.STREAM.CREATE.MINE", """{"name":"MINE","subjects":["mine"]}""");
        Assert.Equal(3, await nats.Administrator.JetStream.ListStreamNamesAsync().CountAsync());
    }

    [Theory]
    [InlineData(NatsUsers.OrderApi)]
    [InlineData(NatsUsers.PaymentWorker)]
    [InlineData(NatsUsers.Ops)]
    public async Task Service_and_operator_users_cannot_change_a_stream(string user)
    {
        await using var session = new NatsSession(nats.Server, user);
        foreach (var stream in Streams)
        {
            // A stream with a republish configuration would publish in the name of the server.
            var changed = (await nats.Administrator.JetStream.GetStreamAsync(stream)).Info.Config
                with { Republish = new Republish { Src = ">", Dest = "payments.succeeded" } };
            await Assert.ThrowsAsync<NatsRefusedException>(() => session.Connection.AskAsync(
                $"$JS.API.STREAM.UPDATE.{stream}", token => session.JetStream.UpdateStreamAsync(changed, token),
                TestContext.Current.CancellationToken));
            Assert.Null((await nats.Administrator.JetStream.GetStreamAsync(stream)).Info.Config.Republish);
        }
    }

    [Theory]
    [InlineData(NatsUsers.OrderApi, "ORDERS", "payments.succeeded")]
    [InlineData(NatsUsers.OrderApi, "DEAD_LETTERS", "payments.succeeded")]
    [InlineData(NatsUsers.PaymentWorker, "PAYMENTS", "orders.created")]
    public async Task A_user_cannot_forward_its_own_messages_to_the_subject_of_another_service(string user, string own, string forged)
    {
        await using var session = new NatsSession(nats.Server, user);
        await session.PublishRefusedAsync(
            $"$JS.API.CONSUMER.CREATE.{own}.mine",
            $$"""{"stream_name":"{{own}}","config":{"name":"mine","deliver_subject":"{{forged}}","ack_policy":"none"} }""");
        await session.PublishRefusedAsync(
            $"$JS.API.CONSUMER.DURABLE.CREATE.{own}.mine",
            $$"""{"stream_name":"{{own}}","config":{"durable_name":"mine","deliver_subject":"{{forged}}" } }""");
        await session.PublishRefusedAsync(
            $"$JS.API.CONSUMER.CREATE.{own}", $$"""{"stream_name":"{{own}}","config":{"deliver_subject":"{{forged}}" } }""");
        await session.PublishRefusedAsync($"$JS.API.DIRECT.GET.{own}", """{"seq":1}""", replyTo: forged);
    }

    [Theory]
    [InlineData(NatsUsers.OrderApi, "PAYMENTS", "PAYMENT_RESULTS", "orders.created")]
    [InlineData(NatsUsers.PaymentWorker, "ORDERS", "ORDER_PROCESSOR", "payments.succeeded")]
    public async Task A_service_cannot_give_its_own_consumer_a_deliver_subject(string user, string stream, string consumer, string subject)
    {
        await using var session = new NatsSession(nats.Server, user);
        var answer = await session.Connection.RequestAsync<string, string>(
            $"$JS.API.CONSUMER.CREATE.{stream}.{consumer}",
            $$"""{"stream_name":"{{stream}}","config":"""
                + $$"""{"name":"{{consumer}}","durable_name":"{{consumer}}","deliver_subject":"{{subject}}","ack_policy":"explicit"} }""");

        Assert.Contains("\"error\"", answer.Data, StringComparison.Ordinal);
        Assert.True(
            string.IsNullOrEmpty((await nats.Administrator.JetStream.GetConsumerAsync(stream, consumer)).Info.Config.DeliverSubject));
    }

    /// <summary>
    /// The server sends its reply to any subject that a request names. The
    /// reply is JSON without an event envelope: a dead letter, not an event.
    /// </summary>
    [Fact]
    public async Task A_JetStream_reply_to_the_subject_of_an_event_has_no_event_envelope()
    {
        await using var session = new NatsSession(nats.Server, NatsUsers.OrderApi);
        await session.Connection.PublishAsync(
            "orders.created", "{}"u8.ToArray(), replyTo: "payments.succeeded",
            serializer: NatsRawSerializer<byte[]>.Default);
        await Eventually.BeTrueAsync("the reply is in the stream", async () => await nats.CountAsync("PAYMENTS") > 0);

        var found = await nats.Administrator.JetStream.ScanAsync("PAYMENTS", from: 1).FirstAsync();
        Assert.Empty(found.Headers);
        Assert.Contains("\"stream\":\"ORDERS\"", Encoding.UTF8.GetString(found.Data), StringComparison.Ordinal);
        await nats.Administrator.JetStream.PurgeStreamAsync("PAYMENTS", new StreamPurgeRequest());
    }

    [Theory]
    [InlineData(NatsUsers.OrderApi, "ORDERS.ORDER_PROCESSOR")]
    [InlineData(NatsUsers.PaymentWorker, "PAYMENTS.PAYMENT_RESULTS")]
    [InlineData(NatsUsers.Ops, "ORDERS.ORDER_PROCESSOR")]
    [InlineData(NatsUsers.Provisioning, "PAYMENTS.PAYMENT_RESULTS")]
    public async Task A_user_can_neither_pull_nor_acknowledge_messages_of_another_users_consumer(string user, string consumer)
    {
        await using var session = new NatsSession(nats.Server, user);
        await session.PublishRefusedAsync($"$JS.API.CONSUMER.RESET.{consumer}");
        await session.PublishRefusedAsync($"$JS.API.CONSUMER.MSG.NEXT.{consumer}", "{}");
        await session.PublishRefusedAsync($"$JS.ACK.{consumer}.1.1.1.1577836800000000000.0", "+ACK");
        await session.PublishRefusedAsync($"$JS.ACK._.hash.{consumer}.1.1.1.1577836800000000000.0.x", "+ACK");
    }

    [Theory]
    [InlineData(NatsUsers.OrderApi)]
    [InlineData(NatsUsers.PaymentWorker)]
    [InlineData(NatsUsers.Provisioning)]
    [InlineData(NatsUsers.Ops)]
    public async Task A_user_cannot_subscribe_beyond_its_own_inbox(string user)
    {
        await using var session = new NatsSession(nats.Server, user);
        var others = NatsUsers.All.Where(other => other != user).Select(other => $"_INBOX_{other}.>");
        foreach (var subject in new[]
        {
            ">", "orders.*", "payments.succeeded", "dead-letters.>", "_INBOX.>", "$JS.>", "$JS.EVENT.ADVISORY.>", "$SYS.>",
        }.Concat(others))
            await session.SubscribeRefusedAsync(subject);
    }

    [Theory]
    [InlineData("order-api", "wrong")]
    [InlineData("nobody", "only-for-order-api")]
    [InlineData("ordersystem", "")]
    public async Task Unknown_users_and_wrong_passwords_are_rejected(string user, string password)
    {
        await using var connection = new NatsConnection(new NatsOpts { Url = $"nats://{user}:{password}@127.0.0.1:{nats.Server.Port}" });
        await Assert.ThrowsAnyAsync<NatsException>(async () => await connection.ConnectAsync());
    }

    [Fact]
    public async Task A_connection_without_a_user_is_rejected()
    {
        await using var connection = new NatsConnection(new NatsOpts { Url = $"nats://127.0.0.1:{nats.Server.Port}" });
        await Assert.ThrowsAnyAsync<NatsException>(async () => await connection.ConnectAsync());
    }

    private async Task<(long, long, long)> CountAsync() =>
        (await nats.CountAsync("ORDERS"), await nats.CountAsync("PAYMENTS"), await nats.CountAsync("DEAD_LETTERS"));
}
