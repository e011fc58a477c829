using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class FetchTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task A_full_batch_ends_the_fetch_at_once()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 10);
        var batch = await Until.DoneAsync("the fetch ended", consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 4, Expires = TimeSpan.FromMinutes(5) }).ToListAsync().AsTask());
        Assert.Equal([0, 1, 2, 3], batch.Select(msg => msg.Data));
        Assert.Equal(4, (await StateAsync(consumer)).NumAckPending);
    }

    [Fact]
    public async Task A_batch_that_does_not_fill_ends_when_it_expires()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 3);
        var start = TimeProvider.System.GetTimestamp();
        var batch = await consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 10, Expires = TimeSpan.FromSeconds(1) }).ToListAsync();
        Assert.Equal(3, batch.Count);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromSeconds(0.8), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task What_is_refused_can_come_again_inside_the_same_fetch()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 1);
        var deliveries = new List<ulong>();
        await foreach (var msg in consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 3, Expires = TimeSpan.FromSeconds(20) }))
        {
            deliveries.Add(msg.Metadata!.Value.NumDelivered);
            await msg.NakAsync();
        }

        Assert.Equal([1, 2, 3], deliveries);
    }

    [Fact]
    public async Task Without_waiting_only_what_is_there_comes()
    {
        var (js, consumer) = await CreateAsync();
        var opts = new NatsJSFetchOpts { MaxMsgs = 10 };
        Assert.Empty(await Until.DoneAsync("the fetch ended", consumer.FetchNoWaitAsync<int>(opts).ToListAsync().AsTask()));
        await PublishAsync(js, 3);
        var start = TimeProvider.System.GetTimestamp();
        Assert.Equal(3, (await consumer.FetchNoWaitAsync<int>(opts).ToListAsync()).Count);
        Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task The_next_message_or_null()
    {
        var (js, consumer) = await CreateAsync();
        var opts = new NatsJSNextOpts { Expires = TimeSpan.FromMilliseconds(300) };
        Assert.Null(await consumer.NextAsync<int>(opts: opts));
        var waiting = consumer.NextAsync<int>(opts: new NatsJSNextOpts { Expires = TimeSpan.FromSeconds(20) }).AsTask();
        await Until.TrueAsync("the request waits", async () => (await StateAsync(consumer)).NumWaiting == 1);
        await PublishAsync(js, 1);
        Assert.Equal(0, (await Until.DoneAsync("it came", waiting))!.Data);
    }

    [Fact]
    public async Task A_limit_in_bytes_ends_the_batch()
    {
        var (js, consumer) = await CreateAsync();
        for (var i = 0; i < 20; i++)
            await js.PublishAsync($"{Unique}.n", new byte[1000]);
        var batch = await consumer.FetchAsync<byte[]>(new NatsJSFetchOpts { MaxBytes = 5_500, Expires = TimeSpan.FromSeconds(2) }).ToListAsync();
        Assert.InRange(batch.Count, 3, 5);
    }

    [Fact]
    public async Task Deleting_the_consumer_ends_the_fetch_with_its_reason()
    {
        var (js, consumer) = await CreateAsync();
        var fetch = consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 1 }).ToListAsync().AsTask();
        await Until.TrueAsync("the request waits", async () => (await StateAsync(consumer)).NumWaiting == 1);
        await js.DeleteConsumerAsync(Unique, "c");
        Assert.Equal(409, (await Assert.ThrowsAsync<NatsJSProtocolException>(() => Until.DoneAsync("the fetch ended", fetch))).HeaderCode);
    }

    [Fact]
    public async Task A_request_that_the_consumer_does_not_allow_is_an_error()
    {
        var (_, consumer) = await CreateAsync(new ConsumerConfig("c") { MaxBatch = 5 });
        var e = await Assert.ThrowsAsync<NatsJSProtocolException>(async () => await consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 6 }).ToListAsync());
        Assert.Equal(409, e.HeaderCode);
    }

    [Theory]
    [InlineData(0, 1000)]
    [InlineData(1, 0)]
    public async Task Options_that_make_no_sense_are_refused(int maxMsgs, int expires)
    {
        var (_, consumer) = await CreateAsync();
        await Assert.ThrowsAsync<NatsJSException>(async () => await consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = maxMsgs, Expires = TimeSpan.FromMilliseconds(expires) }).ToListAsync());
        await Assert.ThrowsAsync<NatsJSException>(async () => await consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 1, MaxBytes = 1 }).ToListAsync());
        await Assert.ThrowsAsync<NatsJSException>(async () => await consumer.FetchAsync<int>(new NatsJSFetchOpts { Expires = TimeSpan.FromSeconds(2), IdleHeartbeat = TimeSpan.FromSeconds(2) }).ToListAsync());
    }

    private static async Task<ConsumerInfo> StateAsync(INatsJSConsumer consumer)
    {
        await consumer.RefreshAsync();
        return consumer.Info;
    }

    private async Task<(NatsJSContext Js, INatsJSConsumer Consumer)> CreateAsync(ConsumerConfig? config = null)
    {
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        return (js, await stream.CreateOrUpdateConsumerAsync(config ?? new ConsumerConfig("c")));
    }
}
