using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class ConsumeTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task Everything_comes_in_order_and_goes_once_acknowledged()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 300);
        var received = new List<int>();
        await foreach (var msg in consumer.ConsumeAsync<int>(opts: new NatsJSConsumeOpts { MaxMsgs = 20 }))
        {
            received.Add(msg.Data);
            await msg.AckAsync();
            if (received.Count == 300)
                break;
        }

        Assert.Equal(Enumerable.Range(0, 300), received);
        await Until.TrueAsync("all are acknowledged", async () => await StateAsync(consumer) is { NumAckPending: 0, NumPending: 0, AckFloor.StreamSeq: 300 });
    }

    [Fact]
    public async Task Messages_published_later_come_too()
    {
        var (js, consumer) = await CreateAsync();
        await using var loop = Start<int>(consumer, new NatsJSConsumeOpts { MaxMsgs = 4, Expires = TimeSpan.FromSeconds(1), IdleHeartbeat = TimeSpan.FromMilliseconds(500) });
        for (var i = 0; i < 30; i++)
        {
            await PublishAsync(js, 1);
            var msg = await loop.NextAsync();
            await msg.AckAsync();
            Assert.Equal((ulong)i + 1, msg.Metadata!.Value.Sequence.Stream);
        }
    }

    [Fact]
    public async Task Metadata_says_which_message_this_is()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 2);
        var before = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        await using var loop = Start<int>(consumer);
        await loop.NextAsync();
        var metadata = (await loop.NextAsync()).Metadata!.Value;
        Assert.Equal((Unique, "c", new NatsJSSequencePair(2, 2), 1ul, 0ul, string.Empty), (metadata.Stream, metadata.Consumer, metadata.Sequence, metadata.NumDelivered, metadata.NumPending, metadata.Domain));
        Assert.InRange(metadata.Timestamp, before, TimeProvider.System.GetUtcNow().AddMinutes(1));
    }

    [Fact]
    public async Task A_negative_acknowledgement_brings_it_back_after_the_delay()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 1);
        await using var loop = Start<int>(consumer);
        await (await loop.NextAsync()).NakAsync();
        var again = await loop.NextAsync();
        Assert.Equal(2ul, again.Metadata!.Value.NumDelivered);
        var start = TimeProvider.System.GetTimestamp();
        await again.NakAsync(TimeSpan.FromMilliseconds(400));
        Assert.Equal(3ul, (await loop.NextAsync()).Metadata!.Value.NumDelivered);
        Assert.True(TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public async Task What_is_not_acknowledged_in_time_comes_again()
    {
        var (js, consumer) = await CreateAsync(new ConsumerConfig("c") { AckWait = TimeSpan.FromMilliseconds(300) });
        await PublishAsync(js, 1);
        await using var loop = Start<int>(consumer);
        Assert.Equal(1ul, (await loop.NextAsync()).Metadata!.Value.NumDelivered);
        Assert.Equal(2ul, (await loop.NextAsync()).Metadata!.Value.NumDelivered);
    }

    [Fact]
    public async Task Progress_keeps_a_message_from_coming_again()
    {
        var (js, consumer) = await CreateAsync(new ConsumerConfig("c") { AckWait = TimeSpan.FromMilliseconds(500) });
        await PublishAsync(js, 1);
        await using var loop = Start<int>(consumer);
        var msg = await loop.NextAsync();
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(1.5))
        {
            await msg.AckProgressAsync(new AckOpts { DoubleAck = true });
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        await msg.AckAsync(new AckOpts { DoubleAck = true });
        Assert.Equal(0, (await StateAsync(consumer)).NumRedelivered);
        Assert.Equal(0, loop.Waiting);
    }

    [Fact]
    public async Task A_terminated_message_never_comes_again()
    {
        var (js, consumer) = await CreateAsync(new ConsumerConfig("c") { AckWait = TimeSpan.FromMilliseconds(300) });
        await PublishAsync(js, 2);
        await using var loop = Start<int>(consumer);
        await (await loop.NextAsync()).AckTerminateAsync("cannot be read");
        await (await loop.NextAsync()).AckTerminateAsync(new AckOpts { DoubleAck = true });
        await Until.TrueAsync("nothing is pending", async () => (await StateAsync(consumer)).NumAckPending == 0);
        Assert.Equal(0, loop.Waiting);
    }

    [Fact]
    public async Task A_double_acknowledgement_returns_when_the_server_has_it()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 1);
        await using var loop = Start<int>(consumer);
        await (await loop.NextAsync()).AckAsync(new AckOpts { DoubleAck = true });
        Assert.Equal(0, (await StateAsync(consumer)).NumAckPending);
    }

    [Fact]
    public async Task No_more_than_asked_for_is_taken_from_the_server()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 100);
        await using var enumerator = consumer.ConsumeAsync<int>(opts: new NatsJSConsumeOpts { MaxMsgs = 10 }).GetAsyncEnumerator();
        Assert.True(await enumerator.MoveNextAsync());
        await Until.TrueAsync("ten were delivered", async () => (await StateAsync(consumer)).NumAckPending == 10);
        for (var i = 0; i < 4; i++)
            await enumerator.MoveNextAsync();
        Assert.Equal(10, (await StateAsync(consumer)).NumAckPending);

        // The fifth that is done with reaches the threshold.
        await enumerator.MoveNextAsync();
        await Until.TrueAsync("five more were delivered", async () => (await StateAsync(consumer)).NumAckPending == 15);
    }

    [Fact]
    public async Task A_limit_in_bytes_is_kept_too()
    {
        var (js, consumer) = await CreateAsync();
        for (var i = 0; i < 40; i++)
            await js.PublishAsync($"{Unique}.n", new byte[1000]);
        await using var loop = Start<byte[]>(consumer, new NatsJSConsumeOpts { MaxBytes = 10_000 });
        for (var i = 0; i < 40; i++)
            await (await loop.NextAsync()).AckAsync();
    }

    [Fact]
    public async Task Cancelling_stops_at_once_and_pulls_no_more()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 10);
        using var cancellation = new CancellationTokenSource();
        var count = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var msg in consumer.ConsumeAsync<int>(cancellationToken: cancellation.Token))
            {
                count++;
                await msg.AckAsync();
                await cancellation.CancelAsync();
            }
        });
        Assert.Equal(1, count);
        await Until.TrueAsync("no request waits", async () => (await StateAsync(consumer)).NumWaiting == 0);
    }

    [Fact]
    public async Task A_cancelled_token_asks_the_server_for_nothing()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 1);
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await consumer.NextAsync<int>(cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await consumer.ConsumeAsync<int>(cancellationToken: cancelled).ToListAsync());
        Assert.Equal(0, (await StateAsync(consumer)).NumAckPending);
    }

    [Fact]
    public async Task Deleting_the_consumer_ends_the_loop_with_its_reason()
    {
        var (js, consumer) = await CreateAsync();
        await PublishAsync(js, 1);
        await using var loop = Start<int>(consumer);
        await loop.NextAsync();
        await js.DeleteConsumerAsync(Unique, "c");
        var e = await Assert.ThrowsAsync<NatsJSProtocolException>(() => loop.EndAsync());
        Assert.Equal((409, NatsHeaders.Messages.ConsumerDeleted), (e.HeaderCode, e.HeaderMessage));
    }

    [Fact]
    public async Task Several_loops_share_the_work()
    {
        var (js, consumer) = await CreateAsync();
        await using var first = Start<int>(consumer, new NatsJSConsumeOpts { MaxMsgs = 5 });
        await using var second = Start<int>(await js.GetConsumerAsync(Unique, "c"), new NatsJSConsumeOpts { MaxMsgs = 5 });
        await Until.TrueAsync("both wait", async () => (await StateAsync(consumer)).NumWaiting == 2);
        var done = 0;
        var workers = new[] { first, second }.Select(async loop =>
        {
            var own = 0;
            while (Volatile.Read(ref done) < 200)
            {
                if (!loop.TryTake(out var msg))
                {
                    await Task.Yield();
                    continue;
                }

                own++;
                Interlocked.Increment(ref done);
                await msg.AckAsync();
            }

            return own;
        }).ToList();
        await PublishAsync(js, 200);
        var shares = await Until.DoneAsync("all are done", Task.WhenAll(workers));
        Assert.Equal(200, shares.Sum());
        Assert.All(shares, share => Assert.True(share > 0));
    }

    private static ConsumeLoop<T> Start<T>(INatsJSConsumer consumer, NatsJSConsumeOpts? opts = null) => new(consumer, opts);

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
