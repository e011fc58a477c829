using NATS.Client.Core;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class ConnectionTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task Connecting_opens_the_connection_and_tells_about_the_server()
    {
        var connection = Connect();
        var opened = new TaskCompletionSource();
        connection.ConnectionOpened += (_, _) =>
        {
            opened.TrySetResult();
            return default;
        };
        Assert.Equal(NatsConnectionState.Closed, connection.ConnectionState);
        Assert.Null(connection.ServerInfo);

        await connection.ConnectAsync();

        Assert.Equal(NatsConnectionState.Open, connection.ConnectionState);
        Assert.NotNull(connection.ServerInfo);
        Assert.True(connection.ServerInfo.JetStreamAvailable);
        Assert.True(connection.ServerInfo.HeadersSupported);
        Assert.Equal(1024 * 1024, connection.ServerInfo.MaxPayload);
        Assert.NotEmpty(connection.ServerInfo.Version);
        await Until.DoneAsync("the event was raised", opened.Task);
    }

    [Fact]
    public async Task The_first_use_connects_by_itself()
    {
        var connection = Connect();
        Assert.True(await connection.PingAsync() > TimeSpan.Zero);
        Assert.Equal(NatsConnectionState.Open, connection.ConnectionState);
    }

    [Fact]
    public async Task Without_a_server_the_first_use_throws()
    {
        var connection = Connect(Opts with { Url = "nats://user:secret@127.0.0.1:1" });
        var e = await Assert.ThrowsAsync<NatsException>(async () => await connection.ConnectAsync());
        Assert.Contains("can not connect uris: nats://127.0.0.1:1", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.Equal(NatsConnectionState.Closed, connection.ConnectionState);
    }

    [Fact]
    public async Task With_retry_on_initial_connect_it_waits_for_the_server()
    {
        await using var late = await NatsServerProcess.StartAsync();
        await late.KillAsync();
        var connection = Connect(Opts with { Url = late.Url, RetryOnInitialConnect = true });
        var failed = new TaskCompletionSource();
        connection.ReconnectFailed += (_, _) =>
        {
            failed.TrySetResult();
            return default;
        };
        var ping = connection.PingAsync().AsTask();
        await Until.DoneAsync("an attempt failed", failed.Task);
        Assert.False(ping.IsCompleted);

        await late.StartAsync();
        await Until.DoneAsync("it connected", ping);
    }

    [Fact]
    public async Task The_wait_for_the_first_connection_can_be_cancelled()
    {
        var connection = Connect(Opts with { Url = "nats://127.0.0.1:1", RetryOnInitialConnect = true });
        using var cancellation = new CancellationTokenSource();
        var publish = connection.PublishAsync("a", 1, cancellationToken: cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publish);
    }

    [Fact]
    public async Task Of_several_servers_the_one_that_answers_is_used()
    {
        var connection = Connect(Opts with { Url = $"nats://127.0.0.1:1, {Server.Address}", NoRandomize = true });
        await connection.ConnectAsync();
        Assert.Equal(NatsConnectionState.Open, connection.ConnectionState);
    }

    [Fact]
    public void A_scheme_that_is_not_supported_is_refused() =>
        Assert.Throws<NotSupportedException>(() => new NatsConnection(Opts with { Url = "ws://127.0.0.1" }));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\r\nPUB b 0\r\n")]
    [InlineData("a\tb")]
    public async Task An_invalid_subject_never_reaches_the_wire(string subject)
    {
        var connection = Connect();
        await connection.ConnectAsync();
        await Assert.ThrowsAsync<NatsException>(async () => await connection.PublishAsync(subject, "x"));
        await Assert.ThrowsAsync<NatsException>(async () => await connection.PublishAsync("ok", "x", replyTo: subject));
        await Assert.ThrowsAsync<NatsException>(async () => await connection.SubscribeCoreAsync<string>(subject));
        await Assert.ThrowsAsync<NatsException>(async () => await connection.RequestAsync<string, string>(subject, "x"));
        await connection.PingAsync();
    }

    [Fact]
    public async Task A_payload_above_the_limit_of_the_server_is_refused_and_the_connection_stays()
    {
        var connection = Connect();
        await connection.ConnectAsync();
        await Assert.ThrowsAsync<NatsPayloadTooLargeException>(async () => await connection.PublishAsync("a", new byte[(1024 * 1024) + 1]));
        await connection.PingAsync();
        Assert.Equal(NatsConnectionState.Open, connection.ConnectionState);
    }

    [Fact]
    public async Task A_disposed_connection_is_closed_and_refuses_to_work()
    {
        var connection = Connect();
        await connection.ConnectAsync();
        await connection.DisposeAsync();
        Assert.Equal(NatsConnectionState.Closed, connection.ConnectionState);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await connection.PublishAsync("a", 1));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await connection.RequestAsync<int, int>("a", 1));
    }

    [Fact]
    public async Task What_was_published_before_disposing_arrives()
    {
        var receiver = Connect();
        await using var sub = await receiver.SubscribeCoreAsync<int>(Unique);
        await receiver.PingAsync();
        var sender = Connect();
        for (var i = 0; i < 500; i++)
            await sender.PublishAsync(Unique, i);
        await sender.DisposeAsync();

        for (var i = 0; i < 500; i++)
            Assert.Equal(i, (await Until.DoneAsync($"message {i} came", sub.Msgs.ReadAsync().AsTask())).Data);
    }

    [Fact]
    public async Task Lame_duck_mode_is_announced()
    {
        await using var old = await NatsServerProcess.StartAsync();
        var connection = Connect(Opts with { Url = old.Url });
        var announced = new TaskCompletionSource<Uri>();
        connection.LameDuckModeActivated += (_, args) =>
        {
            announced.TrySetResult(args.Uri);
            return default;
        };
        await connection.ConnectAsync();
        await old.EnterLameDuckModeAsync();
        Assert.Equal(new Uri(old.Url), await Until.DoneAsync("it was announced", announced.Task));
    }
}
