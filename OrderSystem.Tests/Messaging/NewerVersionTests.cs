using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>During a rolling upgrade, instances of the older release receive events that only the newer release can read.</summary>
public sealed class NewerVersionTests
{
    private const string Type = "orders.created.v2";
    private static readonly string Refusal = $"{Type} is of a newer release";

    [Theory]
    [InlineData("orders.created.v2", true)]
    [InlineData("orders.created.v10", true)]
    [InlineData("payments.refunded.v3", true)]
    [InlineData("orders.created.v1", false)]
    [InlineData("orders.created.v0", false)]
    [InlineData("orders.created.v-2", false)]
    [InlineData("orders.created.v2.1", false)]
    [InlineData("orders.created.v99999999999", false)]
    [InlineData("orders.created.next", false)]
    [InlineData("orders.created.v", false)]
    [InlineData("orders.created", false)]
    [InlineData("orders.invented.v2", false)]
    [InlineData(".v2", false)]
    public void A_newer_version_of_a_known_event_type_is_distinguished_from_an_unknown_type(string name, bool isNewer) =>
        Assert.Equal(isNewer, EventType.IsNewer(name));

    [Fact]
    public async Task An_event_of_a_newer_release_is_redelivered_until_a_newer_instance_takes_it()
    {
        await using var system = await RunningSystem.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);

        var eventId = await PublishAsync(jetStream);
        await RefusedAsync(system, times: 2);
        await system.Worker.StopAsync();

        var consumer = await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR");
        var again = await consumer.NextAsync(NatsRawSerializer<byte[]>.Default, new NatsJSNextOpts { Expires = TimeSpan.FromSeconds(20) });
        Assert.Equal(eventId.ToString(), again?.Headers?["ce-id"].ToString());
        Assert.Equal(0, await DeadLettersAsync(jetStream));
    }

    [Fact]
    public async Task An_event_that_no_instance_knows_is_dead_lettered_in_the_end_and_blocks_no_other()
    {
        await using var system = await RunningSystem.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        using var client = new Client(system.OrderApi.Address);

        var eventId = await PublishAsync(jetStream);
        await RefusedAsync(system, times: 2);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");
        Assert.Equal(0, await DeadLettersAsync(jetStream));

        // Skips all attempts but the last, because together they take half an hour.
        await Eventually.BeTrueAsync("the event has a delivery count", async () =>
            await Sql.ScalarAsync<long>(
                system.PaymentsDatabase,
                $"WITH done AS (UPDATE deliveries SET count = 11 WHERE event_id = '{eventId}' RETURNING 1) "
                    + "SELECT count(*) FROM done") == 1);
        await Eventually.BeTrueAsync("the event is dead-lettered", async () => await DeadLettersAsync(jetStream) == 1);
        await Eventually.BeTrueAsync(
            "the worker logs the reason",
            () => Task.FromResult(system.Worker.Output.Contains(
                $"12 deliveries, and no instance knew the event type {Type}", StringComparison.Ordinal)));
    }

    private static async Task<Guid> PublishAsync(NatsJSContext jetStream)
    {
        var eventId = Guid.NewGuid();
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = eventId.ToString(),
            ["ce-source"] = "/tests",
            ["ce-type"] = Type,
            ["ce-subject"] = Guid.NewGuid().ToString(),
            ["content-type"] = "application/json",
        };
        var ack = await jetStream.PublishAsync("orders.created", "{}"u8.ToArray(), NatsRawSerializer<byte[]>.Default, headers: headers);
        ack.EnsureSuccess();
        return eventId;
    }

    private static Task RefusedAsync(RunningSystem system, int times) => Eventually.BeTrueAsync(
        $"the worker refused the event {times} times", () => Task.FromResult(system.Worker.Output.Split(Refusal).Length > times));

    private static async Task<long> DeadLettersAsync(NatsJSContext jetStream) =>
        (await jetStream.GetStreamAsync("DEAD_LETTERS")).Info.State.Messages;
}
