using System.Threading.Channels;
using NATS.Client.Core;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class SlowConsumerTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task A_full_buffer_drops_the_newest_and_tells_of_each()
    {
        var connection = Connect(Opts with { SubPendingChannelCapacity = 10 });
        var dropped = new List<int>();
        var slow = 0;
        connection.MessageDropped += (_, args) =>
        {
            lock (dropped)
                dropped.Add((int)args.Data!);
            return default;
        };
        connection.SlowConsumerDetected += (_, args) =>
        {
            Assert.Equal(Unique, args.Subscription.Subject);
            Interlocked.Increment(ref slow);
            return default;
        };
        await using var sub = await connection.SubscribeCoreAsync<int>(Unique);
        for (var i = 0; i < 25; i++)
            await connection.PublishAsync(Unique, i);
        await Until.TrueAsync("15 were dropped", () => Count() == 15);
        Assert.Equal(10, sub.Msgs.Count);

        // As channels do it: the newest of those that wait makes room for the one that comes.
        Assert.Equal(Enumerable.Range(9, 15), dropped);
        for (var i = 0; i < 9; i++)
            Assert.Equal(i, (await sub.Msgs.ReadAsync()).Data);
        Assert.Equal(24, (await sub.Msgs.ReadAsync()).Data);
        Assert.Equal(1, slow);

        // It has caught up: falling behind again is news again.
        for (var i = 0; i < 25; i++)
            await connection.PublishAsync(Unique, i);
        await Until.TrueAsync("15 more were dropped", () => Count() == 30);
        await Until.TrueAsync("it was told again", () => Volatile.Read(ref slow) == 2);

        int Count()
        {
            lock (dropped)
                return dropped.Count;
        }
    }

    [Fact]
    public async Task A_full_buffer_can_push_back_instead()
    {
        var connection = Connect(Opts with { SubPendingChannelCapacity = 10, SubPendingChannelFullMode = BoundedChannelFullMode.Wait });
        await using var sub = await connection.SubscribeCoreAsync<int>(Unique);
        await connection.PingAsync();
        var sender = Connect();
        for (var i = 0; i < 1_000; i++)
            await sender.PublishAsync(Unique, i);
        await sender.PingAsync();
        for (var i = 0; i < 1_000; i++)
            Assert.Equal(i, (await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask())).Data);
    }

    [Fact]
    public async Task One_slow_subscription_leaves_the_others_alone()
    {
        var connection = Connect(Opts with { SubPendingChannelCapacity = 1 });
        await using var slow = await connection.SubscribeCoreAsync<int>(Unique);
        await using var quick = await connection.SubscribeCoreAsync<int>(Unique, opts: new NatsSubOpts { ChannelOpts = new NatsSubChannelOpts { Capacity = 100 } });
        for (var i = 0; i < 100; i++)
            await connection.PublishAsync(Unique, i);
        await Until.TrueAsync("the quick one got all", () => quick.Msgs.Count == 100);
        Assert.Equal(1, slow.Msgs.Count);
    }
}
