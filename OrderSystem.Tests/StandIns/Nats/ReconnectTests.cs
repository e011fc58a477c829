using System.Diagnostics;
using NATS.Client.Core;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>Each test hurts a server of its own.</summary>
public sealed class ReconnectTests : IAsyncLifetime
{
    private NatsServerProcess _server = null!;

    private NatsOpts Opts => NatsOpts.Default with { Url = _server.Url, ReconnectWaitMin = TimeSpan.FromMilliseconds(20), ReconnectWaitMax = TimeSpan.FromMilliseconds(100) };

    public async ValueTask InitializeAsync() => _server = await NatsServerProcess.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Under_load_it_reconnects_and_every_subscription_goes_on()
    {
        await using var connection = new NatsConnection(Opts);
        await using var sub = await connection.SubscribeCoreAsync<int>("load", opts: new NatsSubOpts { ChannelOpts = new NatsSubChannelOpts { Capacity = 1_000_000 } });
        using var stop = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await connection.PublishAsync("load", i, cancellationToken: CancellationToken.None);
                if (i % 100 == 0)
                    await Task.Yield();
            }
        });
        for (var round = 0; round < 3; round++)
        {
            await Until.TrueAsync("messages flow", () => sub.Msgs.Count > 100);
            await _server.RestartAsync();
            await Until.TrueAsync("it reconnected", () => connection.ConnectionState == NatsConnectionState.Open);
            while (sub.Msgs.TryRead(out _))
            {
            }
        }

        await Until.TrueAsync("messages flow again", () => sub.Msgs.Count > 100);
        await stop.CancelAsync();
        await Until.DoneAsync("publishing ended", load);
        await AssertInOrderAsync(sub);
    }

    [Fact]
    public async Task Losing_and_finding_the_server_raises_the_events()
    {
        await using var connection = new NatsConnection(Opts);
        var events = new List<string>();
        connection.ConnectionOpened += (_, _) => Add("opened");
        connection.ConnectionDisconnected += (_, _) => Add("disconnected");
        connection.ReconnectFailed += (_, _) => Add("failed");
        await connection.ConnectAsync();

        await _server.KillAsync();
        await Until.TrueAsync("an attempt failed", () => Seen("failed"));
        Assert.Equal(NatsConnectionState.Reconnecting, connection.ConnectionState);
        await _server.StartAsync();
        await Until.TrueAsync("it reconnected", () => connection.ConnectionState == NatsConnectionState.Open);

        await Until.TrueAsync("it was told", () =>
        {
            lock (events)
                return events.Count(name => name == "opened") == 2;
        });
        Assert.Equal(["opened", "disconnected", "failed"], events.Take(3));
        Assert.Equal("opened", events[^1]);

        ValueTask Add(string name)
        {
            lock (events)
                events.Add(name);
            return default;
        }

        bool Seen(string name)
        {
            lock (events)
                return events.Contains(name);
        }
    }

    [Fact]
    public async Task What_is_published_during_an_outage_arrives_after_it()
    {
        await using var connection = new NatsConnection(Opts);
        await using var sub = await connection.SubscribeCoreAsync<int>("kept");
        await connection.PingAsync();
        await _server.KillAsync();
        await Until.TrueAsync("the loss was noticed", () => connection.ConnectionState == NatsConnectionState.Reconnecting);
        for (var i = 0; i < 10; i++)
            await connection.PublishAsync("kept", i);
        await _server.StartAsync();
        for (var i = 0; i < 10; i++)
            Assert.Equal(i, (await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask())).Data);
    }

    [Fact]
    public async Task A_publish_can_be_told_to_give_up_on_an_outage()
    {
        await using var connection = new NatsConnection(Opts with { PublishTimeoutOnDisconnected = true, CommandTimeout = TimeSpan.FromMilliseconds(100) });
        await connection.ConnectAsync();
        await _server.KillAsync();
        await Until.TrueAsync("the loss was noticed", () => connection.ConnectionState == NatsConnectionState.Reconnecting);
        await Assert.ThrowsAsync<NatsTimeoutException>(async () => await connection.PublishAsync("a", 1));
    }

    [Fact]
    public async Task A_request_during_an_outage_ends_in_its_timeout()
    {
        await using var connection = new NatsConnection(Opts with { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        await connection.ConnectAsync();
        await _server.KillAsync();
        await Assert.ThrowsAsync<NatsNoReplyException>(async () => await connection.RequestAsync<int, int>("a", 1));
    }

    [Fact]
    public async Task A_frozen_server_is_noticed_through_its_pings()
    {
        await using var connection = new NatsConnection(Opts with { PingInterval = TimeSpan.FromMilliseconds(100), MaxPingOut = 2, ConnectTimeout = TimeSpan.FromMilliseconds(500) });
        await connection.ConnectAsync();
        await _server.FreezeAsync();
        await Until.TrueAsync("the connection was given up", () => connection.ConnectionState == NatsConnectionState.Reconnecting);
        await _server.ThawAsync();
        await Until.TrueAsync("it reconnected", () => connection.ConnectionState == NatsConnectionState.Open);
        await connection.PingAsync();
    }

    [Fact]
    public async Task A_frozen_server_does_not_stop_a_publisher_that_has_filled_every_buffer()
    {
        await using var connection = new NatsConnection(Opts with { PingInterval = TimeSpan.FromMilliseconds(200), ConnectTimeout = TimeSpan.FromMilliseconds(500) });
        await connection.ConnectAsync();
        await _server.FreezeAsync();
        using var deadline = new CancellationTokenSource();
        var data = new byte[100_000];
        var publishing = Task.Run(async () =>
        {
            while (true)
                await connection.PublishAsync("a", data, cancellationToken: deadline.Token);
        });
        await Until.TrueAsync("the connection was given up", () => connection.ConnectionState == NatsConnectionState.Reconnecting);
        await deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.DoneAsync("publishing ended", publishing));
        await _server.ThawAsync();
    }

    [Fact]
    public async Task After_the_last_attempt_the_connection_has_failed_for_good()
    {
        await using var connection = new NatsConnection(Opts with { MaxReconnectRetry = 3 });
        await using var sub = await connection.SubscribeCoreAsync<int>("a");
        await _server.KillAsync();
        await Until.TrueAsync("it gave up", () => connection.ConnectionState == NatsConnectionState.Failed);
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await connection.ConnectAsync());
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await connection.PublishAsync("a", 1));
        await Assert.ThrowsAsync<NatsConnectionFailedException>(() => sub.Msgs.Completion);
    }

    [Fact]
    public async Task Reconnecting_on_request_keeps_the_subscriptions()
    {
        await using var connection = new NatsConnection(Opts);
        await using var sub = await connection.SubscribeCoreAsync<int>("a");
        var before = connection.ServerInfo!.ClientId;
        await connection.ReconnectAsync();
        Assert.NotEqual(before, connection.ServerInfo!.ClientId);
        await connection.PublishAsync("a", 1);
        Assert.Equal(1, (await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask())).Data);
    }

    [Fact]
    public async Task The_waits_between_attempts_follow_the_options()
    {
        await using var connection = new NatsConnection(Opts with { ReconnectWaitMin = TimeSpan.FromMilliseconds(200), ReconnectWaitMax = TimeSpan.FromMilliseconds(200), ReconnectJitter = TimeSpan.FromMilliseconds(100) });
        var attempts = new List<long>();
        connection.ReconnectFailed += (_, _) =>
        {
            lock (attempts)
                attempts.Add(Stopwatch.GetTimestamp());
            return default;
        };
        await connection.ConnectAsync();
        await _server.KillAsync();
        await Until.TrueAsync("four attempts failed", () =>
        {
            lock (attempts)
                return attempts.Count >= 4;
        });
        lock (attempts)
            Assert.All(attempts.Zip(attempts.Skip(1)), pair => Assert.True(Stopwatch.GetElapsedTime(pair.First, pair.Second) > TimeSpan.FromMilliseconds(150)));
    }

    /// <summary>Lost messages are allowed, reordered or doubled ones are not.</summary>
    private static async Task AssertInOrderAsync(INatsSub<int> sub)
    {
        await sub.UnsubscribeAsync();
        var last = -1;
        await foreach (var msg in sub.Msgs.ReadAllAsync())
        {
            Assert.True(msg.Data > last, $"{msg.Data} came after {last}");
            last = msg.Data;
        }
    }
}
