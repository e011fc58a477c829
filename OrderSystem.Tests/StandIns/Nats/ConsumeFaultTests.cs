using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>What a consume loop goes through when its server is hurt; each test has a server of its own.</summary>
public sealed class ConsumeFaultTests : IAsyncLifetime
{
    private NatsServerProcess _server = null!;

    private NatsOpts Opts => NatsOpts.Default with { Url = _server.Url, ReconnectWaitMin = TimeSpan.FromMilliseconds(20), ReconnectWaitMax = TimeSpan.FromMilliseconds(100) };

    public async ValueTask InitializeAsync() => _server = await NatsServerProcess.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_restart_of_the_server_loses_nothing_and_the_loop_goes_on()
    {
        await using var connection = new NatsConnection(Opts);
        var (js, consumer) = await CreateAsync(connection);
        await using var loop = new ConsumeLoop<int>(consumer, new NatsJSConsumeOpts { MaxMsgs = 10, Expires = TimeSpan.FromSeconds(10), IdleHeartbeat = TimeSpan.FromSeconds(2) });
        var received = new HashSet<int>();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 20; i++)
                await PublishUntilStoredAsync(js, (round * 20) + i);
            while (received.Count < (round + 1) * 20)
            {
                var msg = await loop.NextAsync();
                received.Add(msg.Data);
                await msg.AckAsync();
            }

            await _server.RestartAsync();
        }

        Assert.Equal(60, received.Count);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_noticed_by_its_heartbeats()
    {
        await using var connection = new NatsConnection(Opts);
        var (js, consumer) = await CreateAsync(connection);
        var silent = new TaskCompletionSource();
        await using var loop = new ConsumeLoop<int>(consumer, new NatsJSConsumeOpts
        {
            MaxMsgs = 10,
            Expires = TimeSpan.FromSeconds(5),
            IdleHeartbeat = TimeSpan.FromMilliseconds(200),
            NotificationHandler = (notification, _) =>
            {
                if (notification is NatsJSTimeoutNotification)
                    silent.TrySetResult();
                return Task.CompletedTask;
            },
        });
        await PublishUntilStoredAsync(js, 1);
        await (await loop.NextAsync()).AckAsync();
        Assert.False(silent.Task.IsCompleted);

        await _server.FreezeAsync();
        await Until.DoneAsync("the silence was noticed", silent.Task);
        await _server.ThawAsync();
        await PublishUntilStoredAsync(js, 2);
        Assert.Equal(2, (await loop.NextAsync()).Data);
    }

    [Fact]
    public async Task A_loop_that_holds_everything_it_may_is_not_called_silent()
    {
        await using var connection = new NatsConnection(Opts);
        var (js, consumer) = await CreateAsync(connection);
        for (var i = 0; i < 5; i++)
            await PublishUntilStoredAsync(js, i);
        var silences = 0;
        var opts = new NatsJSConsumeOpts
        {
            MaxMsgs = 2,
            Expires = TimeSpan.FromSeconds(1),
            IdleHeartbeat = TimeSpan.FromMilliseconds(100),
            NotificationHandler = (notification, _) =>
            {
                Interlocked.Increment(ref silences);
                return Task.CompletedTask;
            },
        };
        await using var enumerator = consumer.ConsumeAsync<int>(opts: opts).GetAsyncEnumerator();
        Assert.True(await enumerator.MoveNextAsync());
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        Assert.Equal(0, Volatile.Read(ref silences));
        for (var i = 1; i < 5; i++)
            Assert.True(await enumerator.MoveNextAsync());
        Assert.Equal(4, enumerator.Current.Data);
    }

    [Fact]
    public async Task A_connection_that_gave_up_ends_the_loop_with_its_reason()
    {
        await using var connection = new NatsConnection(Opts with { MaxReconnectRetry = 2 });
        var (_, consumer) = await CreateAsync(connection);
        await using var loop = new ConsumeLoop<int>(consumer, null);
        await Until.TrueAsync("the loop waits", async () =>
        {
            await consumer.RefreshAsync();
            return consumer.Info.NumWaiting == 1;
        });
        await _server.KillAsync();
        await Assert.ThrowsAsync<NatsConnectionFailedException>(() => loop.EndAsync());
    }

    [Fact]
    public async Task Disposing_the_connection_ends_the_loop()
    {
        var connection = new NatsConnection(Opts);
        var (js, consumer) = await CreateAsync(connection);
        await using var loop = new ConsumeLoop<int>(consumer, null);
        await PublishUntilStoredAsync(js, 1);
        await loop.NextAsync();
        await connection.DisposeAsync();
        await loop.EndAsync();
    }

    [Fact]
    public async Task Draining_on_dispose_lets_the_loop_acknowledge_what_it_holds()
    {
        var connection = new NatsConnection(Opts with { DrainSubscriptionsOnDispose = true, ConsumerDrainOnDisposeTimeout = TimeSpan.FromSeconds(20) });
        var (js, consumer) = await CreateAsync(connection);
        for (var i = 0; i < 20; i++)
            await PublishUntilStoredAsync(js, i);

        var first = new TaskCompletionSource();
        var disposing = new TaskCompletionSource();
        var handled = 0;
        var loop = Task.Run(async () =>
        {
            await foreach (var msg in consumer.ConsumeAsync<int>(opts: new NatsJSConsumeOpts { MaxMsgs = 20 }))
            {
                first.TrySetResult();
                await disposing.Task;
                await msg.AckAsync();
                handled++;
            }
        });
        await Until.DoneAsync("the first message is being handled", first.Task);
        await using var observer = new NatsConnection(Opts);
        var view = await new NatsJSContext(observer).GetConsumerAsync("S", "c");
        await Until.TrueAsync("all are delivered", async () =>
        {
            await view.RefreshAsync();
            return view.Info.NumAckPending == 20;
        });
        var disposal = connection.DisposeAsync().AsTask();
        disposing.SetResult();
        await Until.DoneAsync("the connection closed", disposal);
        await Until.DoneAsync("the loop ended", loop);

        Assert.Equal(20, handled);
        await Until.TrueAsync("the server has every acknowledgement", async () =>
        {
            await view.RefreshAsync();
            return view.Info.NumAckPending == 0;
        });
    }

    private static async Task<(NatsJSContext Js, INatsJSConsumer Consumer)> CreateAsync(NatsConnection connection)
    {
        var js = new NatsJSContext(connection);
        var stream = await js.CreateStreamAsync(new StreamConfig("S", ["s.>"]));
        return (js, await stream.CreateOrUpdateConsumerAsync(new ConsumerConfig("c") { AckWait = TimeSpan.FromSeconds(2) }));
    }

    private static Task PublishUntilStoredAsync(NatsJSContext js, int number) => Until.TrueAsync("it was stored", async () =>
    {
        var result = await js.TryPublishAsync("s.n", number, opts: new NatsJSPubOpts { MsgId = $"n{number}" });
        return result.Success && result.Value.Error is null;
    });
}
