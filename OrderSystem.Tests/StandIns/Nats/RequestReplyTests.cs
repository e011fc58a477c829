using NATS.Client.Core;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class RequestReplyTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task Many_requests_at_once_each_get_their_own_answer()
    {
        var connection = Connect();
        await using var responder = await RespondAsync(msg => msg.ReplyAsync(msg.Data * 2));
        var answers = await Task.WhenAll(Enumerable.Range(0, 2_000).Select(async i => (await connection.RequestAsync<int, int>(Unique, i)).Data));
        Assert.Equal(Enumerable.Range(0, 2_000).Select(i => i * 2), answers);
    }

    [Fact]
    public async Task Nobody_listening_is_told_at_once()
    {
        var connection = Connect(Opts with { RequestTimeout = TimeSpan.FromMinutes(5) });
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await connection.RequestAsync<int, int>(Unique, 1));
    }

    [Fact]
    public async Task A_listener_that_says_nothing_ends_in_a_timeout()
    {
        var connection = Connect();
        var other = Connect();
        await using var silent = await other.SubscribeCoreAsync<int>(Unique);
        await other.PingAsync();
        await Assert.ThrowsAsync<NatsNoReplyException>(
            async () => await connection.RequestAsync<int, int>(Unique, 1, replyOpts: new NatsSubOpts { Timeout = TimeSpan.FromMilliseconds(50) }));
    }

    [Fact]
    public async Task A_request_can_be_cancelled()
    {
        var connection = Connect();
        await using var silent = await connection.SubscribeCoreAsync<int>(Unique);
        using var cancellation = new CancellationTokenSource();
        var request = connection.RequestAsync<int, int>(Unique, 1, cancellationToken: cancellation.Token).AsTask();
        await Until.DoneAsync("the request arrived", silent.Msgs.ReadAsync().AsTask());
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    [Fact]
    public async Task Several_answers_are_read_until_the_empty_one()
    {
        await using var responder = await RespondAsync(async msg =>
        {
            await msg.ReplyAsync(1);
            await msg.ReplyAsync(2);
            await msg.ReplyAsync();
        });
        var answers = new List<int>();
        await foreach (var msg in Connect().RequestManyAsync<int, int>(Unique, 0))
            answers.Add(msg.Data);
        Assert.Equal([1, 2], answers);
    }

    [Fact]
    public async Task An_inbox_of_ones_own_receives_too()
    {
        var connection = Connect();
        var inbox = connection.NewInbox();
        Assert.StartsWith("_INBOX.", inbox, StringComparison.Ordinal);
        await using var sub = await connection.SubscribeCoreAsync<string>(inbox);
        await Connect().PublishAsync("unrelated", "x");
        await connection.PublishAsync(inbox, "hello");
        Assert.Equal("hello", (await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask())).Data);
    }

    [Fact]
    public async Task All_requests_share_one_subscription()
    {
        var wire = new ScriptedConnection();
        await using var connection = new NatsConnection(Opts with { SocketConnectionFactory = wire });
        var requests = Enumerable.Range(0, 10).Select(i => connection.RequestAsync<int, string>("ask", i, replyOpts: new NatsSubOpts { Timeout = TimeSpan.FromSeconds(20) }).AsTask()).ToList();
        await Until.TrueAsync("all requests were sent", () => wire.Commands.Count(command => command.StartsWith("PUB ask ", StringComparison.Ordinal)) == 10);
        var subscription = Assert.Single(wire.Commands, command => command.StartsWith("SUB ", StringComparison.Ordinal));
        Assert.EndsWith(".* 1", subscription, StringComparison.Ordinal);

        foreach (var command in wire.Commands.Where(command => command.StartsWith("PUB ask ", StringComparison.Ordinal)).Reverse())
        {
            var replyTo = command.Split(' ')[2];
            wire.Receive($"MSG {replyTo} 1 {replyTo.Length}\r\n{replyTo}\r\n");
        }

        var answers = await Until.DoneAsync("all were answered", Task.WhenAll(requests));
        Assert.Equal(10, answers.Select(answer => answer.Data).Distinct().Count());
        Assert.All(answers, answer => Assert.Equal(answer.Subject, answer.Data));
    }

    private async Task<INatsSub<int>> RespondAsync(Func<NatsMsg<int>, ValueTask> respond)
    {
        var connection = Connect(Opts with { SubPendingChannelCapacity = 10_000 });
        var sub = await connection.SubscribeCoreAsync<int>(Unique);
        await connection.PingAsync();
        _ = Task.Run(async () =>
        {
            await foreach (var msg in sub.Msgs.ReadAllAsync())
                await respond(msg);
        });
        return sub;
    }
}
