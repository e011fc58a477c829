using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>The declaration against a server that has something else.</summary>
public sealed class TopologyTests : IAsyncLifetime
{
    private NatsServer server = null!;
    private NatsConnection nats = null!;
    private NatsJSContext jetStream = null!;

    public async ValueTask InitializeAsync()
    {
        server = await NatsServer.StartAsync();
        nats = new NatsConnection(new NatsOpts { Url = server.Url });
        jetStream = new NatsJSContext(nats);
    }

    public async ValueTask DisposeAsync()
    {
        await nats.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task What_is_missing_is_made_as_declared()
    {
        await EnsureAsync();

        var orders = (await jetStream.GetStreamAsync("ORDERS")).Info.Config;
        Assert.Equal(["orders.*"], orders.Subjects!);
        Assert.Equal((StreamConfigStorage.File, StreamConfigRetention.Limits, StreamConfigDiscard.New), (orders.Storage, orders.Retention, orders.Discard));
        Assert.Equal((TimeSpan.FromDays(7), TimeSpan.FromMinutes(10), 64 * 1024), (orders.MaxAge, orders.DuplicateWindow, orders.MaxMsgSize));
        var processor = (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).Info.Config;
        Assert.Equal((ConsumerConfigAckPolicy.Explicit, TimeSpan.FromSeconds(60), -1L, 2_048L), (processor.AckPolicy, processor.AckWait, processor.MaxDeliver, processor.MaxAckPending));
        Assert.Equal(["dead-letters.>"], (await jetStream.GetStreamAsync("DEAD_LETTERS")).Info.Config.Subjects!);
        await jetStream.GetConsumerAsync("PAYMENTS", "PAYMENT_RESULTS");
    }

    [Fact]
    public async Task A_second_look_changes_nothing()
    {
        await EnsureAsync();
        var before = (await jetStream.GetStreamAsync("ORDERS")).Info.Created;
        await EnsureAsync();

        Assert.Equal(before, (await jetStream.GetStreamAsync("ORDERS")).Info.Created);
    }

    [Fact]
    public async Task Safe_differences_are_applied_and_what_an_operator_set_besides_stays()
    {
        await jetStream.CreateStreamAsync(new StreamConfig("ORDERS", ["orders.*"]) { MaxAge = TimeSpan.FromDays(1), Discard = StreamConfigDiscard.Old, MaxBytes = 1_000_000, Description = "by hand" });

        await EnsureAsync();

        var orders = (await jetStream.GetStreamAsync("ORDERS")).Info.Config;
        Assert.Equal((TimeSpan.FromDays(7), StreamConfigDiscard.New, 1_000_000L, "by hand"), (orders.MaxAge, orders.Discard, orders.MaxBytes, orders.Description));
    }

    [Fact]
    public async Task Unsafe_differences_are_refused_and_named()
    {
        await jetStream.CreateStreamAsync(new StreamConfig("ORDERS", ["orders.*", "else"]) { Storage = StreamConfigStorage.Memory, Retention = StreamConfigRetention.Workqueue, MaxAge = TimeSpan.FromDays(30) });

        var mismatch = await Assert.ThrowsAsync<TopologyMismatchException>(EnsureAsync);

        foreach (var field in new[] { "ORDERS", "storage (memory, wanted file)", "retention", "subjects", "max_age" })
            Assert.Contains(field, mismatch.Message, StringComparison.Ordinal);
        Assert.Equal(StreamConfigStorage.Memory, (await jetStream.GetStreamAsync("ORDERS")).Info.Config.Storage);
    }

    [Fact]
    public async Task A_consumer_is_brought_up_to_date_without_losing_its_place()
    {
        await EnsureAsync();
        await jetStream.PublishAsync("orders.created", "1");
        var message = await (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).NextAsync<string>();
        await message!.AckAsync(new AckOpts { DoubleAck = true });

        await EnsureAsync(new JetStreamOptions { AckWait = TimeSpan.FromSeconds(30), MaxAckPending = 500 });

        var info = (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).Info;
        Assert.Equal((TimeSpan.FromSeconds(30), 500L, 1UL), (info.Config.AckWait, info.Config.MaxAckPending, info.AckFloor.StreamSeq));
    }

    private Task EnsureAsync() => EnsureAsync(new JetStreamOptions());

    private Task EnsureAsync(JetStreamOptions options) =>
        new TopologyProvisioner(jetStream, Options.Create(options), NullLogger<TopologyProvisioner>.Instance).EnsureAsync(CancellationToken.None);
}
