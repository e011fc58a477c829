using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class ConsumerTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task A_consumer_with_a_name_is_durable_and_has_the_defaults_of_the_server()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var consumer = await js.CreateOrUpdateConsumerAsync(Unique, new ConsumerConfig("c"));
        var config = consumer.Info.Config;
        Assert.Equal(("c", Unique), (consumer.Info.Name, consumer.Info.StreamName));
        Assert.Equal("c", config.DurableName);
        Assert.Equal(ConsumerConfigAckPolicy.Explicit, config.AckPolicy);
        Assert.Equal(ConsumerConfigDeliverPolicy.All, config.DeliverPolicy);
        Assert.Equal((TimeSpan.FromSeconds(30), -1L, 1000L), (config.AckWait, config.MaxDeliver, config.MaxAckPending));
    }

    [Fact]
    public async Task A_consumer_has_what_it_was_created_with()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        await js.CreateConsumerAsync(Unique, new ConsumerConfig("c")
        {
            AckWait = TimeSpan.FromSeconds(60),
            MaxAckPending = 128,
            MaxDeliver = 7,
            FilterSubject = $"{Unique}.a.*",
            DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence,
            OptStartSeq = 3,
            Backoff = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.5)],
            InactiveThreshold = TimeSpan.FromHours(1),
        });
        var config = (await js.GetConsumerAsync(Unique, "c")).Info.Config;
        Assert.Equal((128L, 7L, $"{Unique}.a.*"), (config.MaxAckPending, config.MaxDeliver, config.FilterSubject));
        Assert.Equal((ConsumerConfigDeliverPolicy.ByStartSequence, 3ul), (config.DeliverPolicy, config.OptStartSeq));
        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.5)], config.Backoff!);
        Assert.Equal(TimeSpan.FromHours(1), config.InactiveThreshold);
    }

    [Fact]
    public async Task A_consumer_by_start_time_begins_there()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var start = TimeProvider.System.GetUtcNow().AddDays(-1);
        var consumer = await js.CreateConsumerAsync(Unique, new ConsumerConfig("c") { DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartTime, OptStartTime = start });
        Assert.Equal(start, consumer.Info.Config.OptStartTime);
    }

    [Fact]
    public async Task A_consumer_can_be_updated_from_what_was_fetched()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var consumer = await js.CreateOrUpdateConsumerAsync(Unique, new ConsumerConfig("c") { MaxDeliver = 7 });
        await js.UpdateConsumerAsync(Unique, consumer.Info.Config with { MaxAckPending = 5, AckWait = TimeSpan.FromSeconds(9) });
        await consumer.RefreshAsync();
        Assert.Equal((5L, TimeSpan.FromSeconds(9), 7L), (consumer.Info.Config.MaxAckPending, consumer.Info.Config.AckWait, consumer.Info.Config.MaxDeliver));
    }

    [Fact]
    public async Task A_missing_consumer_is_error_10014()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.GetConsumerAsync(Unique, "none"));
        Assert.Equal((404, 10014), (e.Error.Code, e.Error.ErrCode));
        e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.DeleteConsumerAsync(Unique, "none"));
        Assert.Equal(10014, e.Error.ErrCode);
        e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.GetConsumerAsync("no-stream", "none"));
        Assert.Equal(10059, e.Error.ErrCode);
    }

    [Fact]
    public async Task Consumers_are_listed_and_deleted()
    {
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        await stream.CreateOrUpdateConsumerAsync(new ConsumerConfig("a"));
        await stream.CreateOrUpdateConsumerAsync(new ConsumerConfig("b"));
        Assert.Equal(["a", "b"], (await stream.ListConsumerNamesAsync().ToListAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(2, (await stream.ListConsumersAsync().ToListAsync()).Count);
        Assert.True(await stream.DeleteConsumerAsync("a"));
        Assert.Equal("b", Assert.Single(await stream.ListConsumersAsync().ToListAsync()).Info.Name);
    }

    [Fact]
    public async Task The_info_counts_what_waits_and_what_is_not_acknowledged()
    {
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        await PublishAsync(js, 5);
        var consumer = await stream.CreateOrUpdateConsumerAsync(new ConsumerConfig("c"));
        Assert.Equal((5ul, 0), (consumer.Info.NumPending, consumer.Info.NumAckPending));
        var msg = await consumer.NextAsync<int>();
        await consumer.RefreshAsync();
        Assert.Equal((4ul, 1), (consumer.Info.NumPending, consumer.Info.NumAckPending));
        await msg!.AckAsync(new AckOpts { DoubleAck = true });
        await consumer.RefreshAsync();
        Assert.Equal((0, 1ul), (consumer.Info.NumAckPending, consumer.Info.AckFloor.StreamSeq));
    }

    [Fact]
    public async Task What_is_not_supported_says_so_by_name()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var e = await Assert.ThrowsAsync<NotSupportedException>(async () => await js.CreateOrderedConsumerAsync(Unique));
        Assert.Contains("CreateOrderedConsumerAsync", e.Message, StringComparison.Ordinal);
        e = await Assert.ThrowsAsync<NotSupportedException>(async () => await js.CreateConsumerAsync(Unique, new ConsumerConfig("p") { DeliverSubject = "x" }));
        Assert.Contains("DeliverSubject", e.Message, StringComparison.Ordinal);
    }
}
