using System.Collections.Concurrent;
using NATS.Client.Core;
using NATS.Client.JetStream;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>Answers to a pull that an old or lonely server never gives, through a server made of strings.</summary>
public sealed class ConsumeStatusTests
{
    private const string ConsumerInfo = """{"stream_name":"S","name":"c","config":{"ack_policy":"explicit"}}""";
    private readonly ConcurrentQueue<INatsJSNotification> _notifications = new();

    [Fact]
    public async Task Ten_503_in_a_row_end_the_loop()
    {
        var (connection, loop, pulls) = await StartAsync(_ => "NATS/1.0 503\r\n\r\n");
        await using var disposal = connection;
        var e = await Assert.ThrowsAsync<NatsJSProtocolException>(() => loop.EndAsync());
        Assert.Equal((503, 10), (e.HeaderCode, pulls()));
        await Until.TrueAsync("each was told of", () => _notifications.Count == 10);
        Assert.All(_notifications, notification => Assert.IsType<NatsJSNoRespondersNotification>(notification));
    }

    [Fact]
    public async Task Any_other_answer_begins_the_count_of_503_anew()
    {
        var (connection, loop, pulls) = await StartAsync(pull => pull % 3 == 0 ? "NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 10\r\nNats-Pending-Bytes: 0\r\n\r\n" : "NATS/1.0 503\r\n\r\n", max503: 3);
        await using var disposal = connection;
        await using var running = loop;
        await Until.TrueAsync("it went on", () => pulls() > 12);
    }

    [Fact]
    public async Task The_check_for_503_can_be_switched_off()
    {
        var (connection, loop, pulls) = await StartAsync(_ => "NATS/1.0 503\r\n\r\n", max503: -1);
        await using var disposal = connection;
        await using var running = loop;
        await Until.TrueAsync("it went on", () => pulls() > 12);
    }

    [Theory]
    [InlineData("408 Request Timeout\r\nNats-Pending-Messages: 10\r\nNats-Pending-Bytes: 0")]
    [InlineData("404 No Messages")]
    [InlineData("409 Leadership Change")]
    [InlineData("409 Server Shutdown")]
    [InlineData("409 Exceeded MaxWaiting")]
    public async Task A_pull_that_ended_is_followed_by_the_next(string status)
    {
        var (connection, loop, pulls) = await StartAsync(pull => pull < 4 ? $"NATS/1.0 {status}\r\n\r\n" : null);
        await using var disposal = connection;
        await using var running = loop;
        await Until.TrueAsync("it pulled again", () => pulls() == 4);
    }

    [Theory]
    [InlineData(400, "Bad Request")]
    [InlineData(409, "Consumer Deleted")]
    [InlineData(409, "Consumer is push based")]
    [InlineData(409, "Exceeded MaxRequestBatch of 5")]
    public async Task A_pull_that_can_never_succeed_ends_the_loop(int code, string text)
    {
        var (connection, loop, _) = await StartAsync(_ => $"NATS/1.0 {code} {text}\r\n\r\n");
        await using var disposal = connection;
        var e = await Assert.ThrowsAsync<NatsJSProtocolException>(() => loop.EndAsync());
        Assert.Equal((code, text), (e.HeaderCode, e.HeaderMessageText));
    }

    [Fact]
    public async Task A_status_that_nobody_knows_is_only_told_of()
    {
        var (connection, loop, _) = await StartAsync(pull => pull == 1 ? "NATS/1.0 499 Something New\r\n\r\n" : null);
        await using var disposal = connection;
        await using var running = loop;
        await Until.TrueAsync("it was told of", () => _notifications.Any(notification => notification is NatsJSProtocolNotification { HeaderCode: 499, HeaderMessageText: "Something New" }));
    }

    private async Task<(NatsConnection Connection, ConsumeLoop<int> Loop, Func<int> Pulls)> StartAsync(Func<int, string?> answer, int max503 = 10)
    {
        var pulls = 0;
        var wire = new ScriptedConnection
        {
            Respond = (subject, _) => subject.Contains(".MSG.NEXT.", StringComparison.Ordinal) ? answer(Interlocked.Increment(ref pulls)) : ConsumerInfo,
        };
        var connection = new NatsConnection(NatsOpts.Default with { SocketConnectionFactory = wire });
        var consumer = await new NatsJSContext(connection).GetConsumerAsync("S", "c");
        var loop = new ConsumeLoop<int>(consumer, new NatsJSConsumeOpts
        {
            MaxMsgs = 10,
            Expires = TimeSpan.FromMinutes(1),
            IdleHeartbeat = TimeSpan.FromMilliseconds(50),
            MaxConsecutive503Errors = max503,
            NotificationHandler = (notification, _) =>
            {
                if (notification is not NatsJSTimeoutNotification)
                    _notifications.Enqueue(notification);
                return Task.CompletedTask;
            },
        });
        return (connection, loop, () => Volatile.Read(ref pulls));
    }
}
