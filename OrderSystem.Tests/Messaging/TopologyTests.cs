using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>Provisioning against a server whose streams and consumers differ from the declared topology.</summary>
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
    public async Task Missing_streams_and_consumers_are_created_as_declared()
    {
        await EnsureAsync();

        var orders = (await jetStream.GetStreamAsync("ORDERS")).Info.Config;
        Assert.Equal(["orders.*"], orders.Subjects!);
        Assert.Equal((StreamConfigStorage.File, StreamConfigRetention.Limits, StreamConfigDiscard.New),
            (orders.Storage, orders.Retention, orders.Discard));
        Assert.Equal(
            (TimeSpan.FromDays(7), TimeSpan.FromMinutes(10), 64 * 1024), (orders.MaxAge, orders.DuplicateWindow, orders.MaxMsgSize));
        var processor = (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).Info.Config;
        Assert.Equal((ConsumerConfigAckPolicy.Explicit, TimeSpan.FromSeconds(60), -1L, 2_048L),
            (processor.AckPolicy, processor.AckWait, processor.MaxDeliver, processor.MaxAckPending));
        Assert.Equal(["dead-letters.>"], (await jetStream.GetStreamAsync("DEAD_LETTERS")).Info.Config.Subjects!);
        await jetStream.GetConsumerAsync("PAYMENTS", "PAYMENT_RESULTS");
    }

    [Fact]
    public async Task Provisioning_again_does_not_recreate_a_stream()
    {
        await EnsureAsync();
        var before = (await jetStream.GetStreamAsync("ORDERS")).Info.Created;
        await EnsureAsync();

        Assert.Equal(before, (await jetStream.GetStreamAsync("ORDERS")).Info.Created);
    }

    [Fact]
    public async Task Safe_differences_are_applied_and_undeclared_operator_settings_stay()
    {
        await jetStream.CreateStreamAsync(new StreamConfig("ORDERS", ["orders.*"])
        {
            MaxAge = TimeSpan.FromDays(1),
            Discard = StreamConfigDiscard.Old,
            MaxBytes = 1_000_000,
            Description = "by hand",
        });

        await EnsureAsync();

        var orders = (await jetStream.GetStreamAsync("ORDERS")).Info.Config;
        Assert.Equal((TimeSpan.FromDays(7), StreamConfigDiscard.New, 1_000_000L, "by hand"),
            (orders.MaxAge, orders.Discard, orders.MaxBytes, orders.Description));
    }

    [Fact]
    public async Task Unsafe_differences_are_refused_and_named()
    {
        await jetStream.CreateStreamAsync(new StreamConfig("ORDERS", ["orders.*", "else"])
        {
            Storage = StreamConfigStorage.Memory,
            Retention = StreamConfigRetention.Workqueue,
            MaxAge = TimeSpan.FromDays(30),
        });

        var mismatch = await Assert.ThrowsAsync<TopologyMismatchException>(EnsureAsync);

        foreach (var field in new[] { "ORDERS", "storage (memory, wanted file)", "retention", "subjects", "max_age" })
            Assert.Contains(field, mismatch.Message, StringComparison.Ordinal);
        Assert.Equal(StreamConfigStorage.Memory, (await jetStream.GetStreamAsync("ORDERS")).Info.Config.Storage);
    }

    [Fact]
    public async Task A_consumer_is_updated_without_losing_its_ack_floor()
    {
        await EnsureAsync();
        await jetStream.PublishAsync("orders.created", "1");
        var message = await (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).NextAsync<string>();
        await message!.AckAsync(new AckOpts { DoubleAck = true });

        await EnsureAsync(new JetStreamOptions { AckWait = TimeSpan.FromSeconds(30), MaxAckPending = 500 });

        var info = (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).Info;
        Assert.Equal((TimeSpan.FromSeconds(30), 500L, 1UL), (info.Config.AckWait, info.Config.MaxAckPending, info.AckFloor.StreamSeq));
    }

    /// <summary>Each of these changes would withhold events, redeliver them, or delete the consumer.</summary>
    [Theory]
    [InlineData("filter_subject", "\"orders.cancelled\"")]
    [InlineData("filter_subjects", "[\"orders.created\", \"orders.else\"]")]
    [InlineData("headers_only", "true")]
    [InlineData("backoff", "[1000000000, 2000000000]")]
    [InlineData("inactive_threshold", "3600000000000")]
    [InlineData("max_deliver", "2")]
    [InlineData("max_batch", "1")]
    [InlineData("max_expires", "1000000000")]
    public async Task A_manually_changed_consumer_field_is_reported_and_restored(string field, string value)
    {
        await EnsureAsync();
        var config = (await nats.FindInfoAsync("CONSUMER.INFO.ORDERS.ORDER_PROCESSOR", CancellationToken.None))!["config"]!
            .DeepClone().AsObject();
        config[field] = JsonNode.Parse(value);
        if (field is "backoff")
            config["max_deliver"] = 5;
        var call = field is "filter_subject"
            ? "CONSUMER.CREATE.ORDERS.ORDER_PROCESSOR.orders.cancelled"
            : "CONSUMER.CREATE.ORDERS.ORDER_PROCESSOR";
        await nats.ApplyAsync(call, new() { ["stream_name"] = "ORDERS", ["config"] = config }, CancellationToken.None);

        Assert.Contains((await Provisioner().InspectAsync(CancellationToken.None)).Differences, finding =>
            finding.StartsWith("consumer ORDER_PROCESSOR: ", StringComparison.Ordinal)
            && finding.Contains($" {field} (", StringComparison.Ordinal));
        await EnsureAsync();

        Assert.Empty((await Provisioner().InspectAsync(CancellationToken.None)).Differences);
    }

    [Theory]
    [InlineData("max_msgs", "5")]
    [InlineData("max_msgs_per_subject", "1")]
    [InlineData("discard", "\"old\"")]
    [InlineData("no_ack", "true")]
    [InlineData("duplicate_window", "1000000000")]
    public async Task A_manually_changed_stream_field_is_reported_and_restored(string field, string value)
    {
        await EnsureAsync();
        var config = (await nats.FindInfoAsync("STREAM.INFO.ORDERS", CancellationToken.None))!["config"]!.AsObject();
        config[field] = JsonNode.Parse(value);
        await nats.ApplyAsync("STREAM.UPDATE.ORDERS", config, CancellationToken.None);

        Assert.Contains((await Provisioner().InspectAsync(CancellationToken.None)).Differences,
            finding => finding.Contains($"stream ORDERS: {field} (", StringComparison.Ordinal));
        await EnsureAsync();

        Assert.Empty((await Provisioner().InspectAsync(CancellationToken.None)).Differences);
    }

    /// <summary>
    /// The client's model of a stream does not know the fields of a newer server, and an update made from it would reset them.
    /// </summary>
    [Fact]
    public async Task An_update_keeps_every_undeclared_field()
    {
        await EnsureAsync();
        var config = (await nats.FindInfoAsync("STREAM.INFO.ORDERS", CancellationToken.None))!["config"]!.AsObject();
        config["allow_atomic"] = true;
        config["allow_direct"] = true;
        config["compression"] = "s2";
        config["metadata"] = new JsonObject { ["team"] = "payments" };
        config["max_age"] = Topology.Nanoseconds(TimeSpan.FromDays(1));
        await nats.ApplyAsync("STREAM.UPDATE.ORDERS", config, CancellationToken.None);
        var before = (await nats.FindInfoAsync("STREAM.INFO.ORDERS", CancellationToken.None))!["config"]!.AsObject();

        await EnsureAsync();

        var after = (await nats.FindInfoAsync("STREAM.INFO.ORDERS", CancellationToken.None))!["config"]!.AsObject();
        Assert.NotEqual($"{before["max_age"]}", $"{after["max_age"]}");
        before["max_age"] = after["max_age"]!.DeepClone();
        Assert.True(JsonNode.DeepEquals(before, after), $"{before} became {after}");
        Assert.Equal("s2", (string?)after["compression"]);
    }

    private Task EnsureAsync() => EnsureAsync(new JetStreamOptions());

    private Task EnsureAsync(JetStreamOptions options) => Provisioner(options).EnsureAsync(CancellationToken.None);

    private TopologyProvisioner Provisioner(JetStreamOptions? options = null) =>
        new(jetStream, Options.Create(options ?? new()), NullLogger<TopologyProvisioner>.Instance);
}
