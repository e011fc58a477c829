using System.Globalization;
using System.Text;
using NATS.Client.Core;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>The parser, through a server that says exactly these bytes in exactly these pieces.</summary>
public sealed class FramingTests
{
    private static readonly NatsOpts Opts = NatsOpts.Default with { ReconnectWaitMin = TimeSpan.FromMilliseconds(10), SubPendingChannelCapacity = 100_000 };

    [Fact]
    public async Task Frames_that_arrive_byte_by_byte_are_read()
    {
        var (wire, connection, sub) = await SubscribeAsync();
        await using var _ = connection;
        foreach (var b in Encoding.Latin1.GetBytes("PING\r\nMSG a.b 2 back 5\r\nhello\r\n+OK\r\nHMSG a.b 2 20 23\r\nNATS/1.0\r\nk: v w\r\n\r\nxyz\r\n"))
            wire.Receive([b]);

        var first = await NextAsync(sub);
        Assert.Equal(("a.b", "back", "hello"), (first.Subject, first.ReplyTo, Encoding.ASCII.GetString(first.Data!)));
        var second = await NextAsync(sub);
        Assert.Equal(("v w", "xyz"), ((string?)second.Headers!["k"], Encoding.ASCII.GetString(second.Data!)));
        await Until.TrueAsync("the ping was answered", () => wire.Commands.Contains("PONG"));
    }

    [Fact]
    public async Task Many_frames_in_one_piece_are_read()
    {
        var (wire, connection, sub) = await SubscribeAsync();
        await using var _ = connection;
        wire.Receive(string.Concat(Enumerable.Repeat("MSG a 2 2\r\n\r\n\r\n", 5_000)));
        for (var i = 0; i < 5_000; i++)
            Assert.Equal("\r\n"u8.ToArray(), (await NextAsync(sub)).Data);
    }

    [Fact]
    public async Task Random_messages_survive_random_cuts()
    {
        var seed = Environment.GetEnvironmentVariable("TEST_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage("seed {0}", seed);
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var messages = Enumerable.Range(0, random.Next(1, 20)).Select(_ => RandomMessage.Create(random)).ToList();
            var (wire, connection, sub) = await SubscribeAsync();
            await using var disposal = connection;
            foreach (var piece in Cut(messages.SelectMany(message => message.Bytes).ToArray(), random))
                wire.Receive(piece);
            foreach (var expected in messages)
            {
                var received = await NextAsync(sub);
                Assert.True(expected.Matches(received), $"seed {seed}, round {round}: {expected.Subject}");
            }
        }
    }

    [Theory]
    [InlineData("MSG a 2\r\n")]
    [InlineData("MSG a x 1\r\nx\r\n")]
    [InlineData("MSG a 2 -1\r\n")]
    [InlineData("MSG a 2 99999999999\r\n")]
    [InlineData("HMSG a 2 5 4\r\nxxxx\r\n")]
    [InlineData("HELLO\r\n")]
    [InlineData("MSG a 2 3 4 5 6 7 8\r\n")]
    public async Task Bytes_that_are_not_the_protocol_end_the_connection(string bytes)
    {
        var (wire, connection, _) = await SubscribeAsync();
        await using var disposal = connection;
        var lost = new TaskCompletionSource();
        connection.ConnectionDisconnected += (_, _) =>
        {
            lost.TrySetResult();
            return default;
        };
        wire.Receive(bytes);
        await Until.DoneAsync("the connection was given up", lost.Task);
    }

    [Fact]
    public async Task Headers_that_cannot_be_read_are_delivered_as_error()
    {
        var (wire, connection, sub) = await SubscribeAsync();
        await using var _ = connection;
        wire.Receive("HMSG a 2 9 10\r\nNOTNATS\r\nx\r\n");
        Assert.IsType<NatsHeaderParseException>((await NextAsync(sub)).Error);
    }

    [Theory]
    [InlineData("NATS/1.0 503\r\n\r\n", 503, "")]
    [InlineData("NATS/1.0 100 Idle Heartbeat\r\nk: v\r\n\r\n", 100, "Idle Heartbeat")]
    [InlineData("NATS/1.0 409 Consumer Deleted\r\n\r\n", 409, "Consumer Deleted")]
    public async Task A_status_line_is_read(string headers, int code, string text)
    {
        var (wire, connection, sub) = await SubscribeAsync();
        await using var _ = connection;
        wire.Receive(string.Create(CultureInfo.InvariantCulture, $"HMSG a 2 {headers.Length} {headers.Length}\r\n{headers}\r\n"));
        var msg = await NextAsync(sub);
        Assert.Equal((code, text), (msg.Headers!.Code, msg.Headers.MessageText));
        Assert.Equal(code == 503, msg.HasNoResponders);
    }

    [Theory]
    [InlineData("Authorization Violation", NatsServerErrorKind.AuthorizationViolation)]
    [InlineData("User Authentication Expired", NatsServerErrorKind.AuthenticationExpired)]
    [InlineData("Permissions Violation for Publish to \"a\"", NatsServerErrorKind.PermissionsViolation)]
    [InlineData("Stale Connection", NatsServerErrorKind.StaleConnection)]
    [InlineData("something new", NatsServerErrorKind.Unknown)]
    public async Task An_error_of_the_server_is_raised_with_its_kind(string error, NatsServerErrorKind kind)
    {
        var (wire, connection, _) = await SubscribeAsync();
        await using var disposal = connection;
        var raised = new TaskCompletionSource<NatsServerErrorEventArgs>();
        connection.ServerError += (_, args) =>
        {
            raised.TrySetResult(args);
            return default;
        };
        wire.Receive($"-ERR '{error}'\r\n");
        var args = await Until.DoneAsync("the event was raised", raised.Task);
        Assert.Equal((error, kind), (args.Error, args.Kind));
    }

    [Fact]
    public async Task A_server_with_another_payload_limit_is_respected()
    {
        var wire = new ScriptedConnection(maxPayload: 10);
        await using var connection = new NatsConnection(Opts with { SocketConnectionFactory = wire });
        await connection.ConnectAsync();
        await connection.PublishAsync("a", new byte[10]);
        await Assert.ThrowsAsync<NatsPayloadTooLargeException>(async () => await connection.PublishAsync("a", new byte[11]));
        wire.Receive("""INFO {"server_id":"S","version":"2.9.10","max_payload":20}""" + "\r\n");
        await Until.TrueAsync("the new limit is known", () => connection.ServerInfo!.MaxPayload == 20);
        await connection.PublishAsync("a", new byte[11]);
    }

    [Fact]
    public async Task What_is_published_leaves_as_the_protocol_says()
    {
        var wire = new ScriptedConnection();
        await using var connection = new NatsConnection(Opts with { SocketConnectionFactory = wire, Name = "me", Echo = false });
        await connection.PublishAsync("a.b", "hello", replyTo: "back");
        await connection.PublishAsync("c", "x", new NatsHeaders { ["k"] = "v" });
        await connection.PublishAsync("d");
        await connection.PingAsync();
        var commands = wire.Commands.ToList();
        Assert.StartsWith("CONNECT {", commands[0], StringComparison.Ordinal);
        Assert.Contains("\"name\":\"me\"", commands[0], StringComparison.Ordinal);
        Assert.Contains("\"echo\":false", commands[0], StringComparison.Ordinal);
        Assert.Contains("\"no_responders\":true", commands[0], StringComparison.Ordinal);
        Assert.DoesNotContain("pass", commands[0], StringComparison.Ordinal);
        Assert.Equal(["PING", "PUB a.b back 5", "hello", "HPUB c 18 19", "NATS/1.0", "k: v", "", "x", "PUB d 0", "", "PING"], commands.Skip(1));
    }

    private static async Task<(ScriptedConnection Wire, NatsConnection Connection, INatsSub<byte[]> Sub)> SubscribeAsync()
    {
        var wire = new ScriptedConnection();
        var connection = new NatsConnection(Opts with { SocketConnectionFactory = wire });
        var sub = await connection.SubscribeCoreAsync<byte[]>(">");
        return (wire, connection, sub);
    }

    private static IEnumerable<byte[]> Cut(byte[] bytes, Random random)
    {
        var longest = 1 << random.Next(0, 14);
        for (var start = 0; start < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, longest + 1), bytes.Length - start);
            yield return bytes[start..(start + length)];
            start += length;
        }
    }

    private static Task<NatsMsg<byte[]>> NextAsync(INatsSub<byte[]> sub) => Until.DoneAsync("a message came", sub.Msgs.ReadAsync().AsTask());
}
