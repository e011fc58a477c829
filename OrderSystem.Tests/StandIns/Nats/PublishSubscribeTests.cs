using System.Text;
using NATS.Client.Core;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class PublishSubscribeTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task A_message_comes_back_as_it_was_sent()
    {
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<string>($"{Unique}.*");
        await connection.PublishAsync($"{Unique}.a", "höllo", new NatsHeaders { ["k"] = "v" }, replyTo: "back");

        var msg = await NextAsync(sub);
        Assert.Equal("höllo", msg.Data);
        Assert.Equal($"{Unique}.a", msg.Subject);
        Assert.Equal("back", msg.ReplyTo);
        Assert.Equal("v", msg.Headers!["k"]);
        Assert.False(msg.IsEmpty);
        Assert.Same(connection, msg.Connection);
    }

    [Fact]
    public async Task Messages_of_one_publisher_keep_their_order()
    {
        var connection = Connect(Opts with { SubPendingChannelCapacity = 20_000 });
        await using var sub = await connection.SubscribeCoreAsync<int>(Unique);
        for (var i = 0; i < 20_000; i++)
            await connection.PublishAsync(Unique, i);
        for (var i = 0; i < 20_000; i++)
            Assert.Equal(i, (await NextAsync(sub)).Data);
    }

    [Fact]
    public async Task Header_values_keep_every_byte_that_ascii_has_but_line_ends()
    {
        var value = new string([.. Enumerable.Range(1, 126).Select(c => (char)c).Where(c => c is not '\r' and not '\n')]);
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<string>(Unique);
        await connection.PublishAsync(Unique, "x", new NatsHeaders { ["Odd"] = value, ["twice"] = new(["1", "2"]), ["Colon"] = "a:b: c", ["case"] = "lower", ["Case"] = "upper" });

        var headers = (await NextAsync(sub)).Headers!;
        Assert.Equal(value, headers["Odd"]);
        Assert.Equal("1,2", headers["twice"].ToString());
        Assert.Equal("a:b: c", headers["Colon"]);
        Assert.Equal("lower", headers["case"]);
        Assert.Equal("upper", headers["Case"]);
        Assert.Equal(0, headers.Code);
    }

    [Fact]
    public async Task Header_names_keep_every_byte_that_they_may_have()
    {
        var name = new string([.. Enumerable.Range(33, 94).Select(c => (char)c).Where(c => c != ':')]);
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<string>(Unique);
        await connection.PublishAsync(Unique, "x", new NatsHeaders { [name] = "v" });
        Assert.Equal("v", (await NextAsync(sub)).Headers![name]);
    }

    [Fact]
    public async Task With_utf8_as_header_encoding_values_keep_every_letter()
    {
        var connection = Connect(Opts with { HeaderEncoding = Encoding.UTF8 });
        await using var sub = await connection.SubscribeCoreAsync<string>(Unique);
        await connection.PublishAsync(Unique, "x", new NatsHeaders { ["k"] = "Grüße 🚀" });
        Assert.Equal("Grüße 🚀", (await NextAsync(sub)).Headers!["k"]);
    }

    [Theory]
    [InlineData("a\r\nb", "v")]
    [InlineData("a:b", "v")]
    [InlineData("", "v")]
    [InlineData("a", "v\nInjected: yes")]
    [InlineData("a", "v\r")]
    public async Task Headers_that_would_break_the_framing_are_refused(string name, string value)
    {
        var connection = Connect();
        await connection.ConnectAsync();
        await Assert.ThrowsAsync<NatsException>(async () => await connection.PublishAsync(Unique, "x", new NatsHeaders { [name] = value }));
        await connection.PingAsync();
    }

    [Fact]
    public async Task Headers_are_read_only_once_published()
    {
        var connection = Connect();
        var headers = new NatsHeaders { ["k"] = "v" };
        Assert.False(headers.IsReadOnly);
        await connection.PublishAsync(Unique, "x", headers);
        Assert.True(headers.IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => headers["k"] = "w");
        Assert.Throws<InvalidOperationException>(headers.Clear);
        await connection.PublishAsync(Unique, "x", headers);
    }

    [Fact]
    public async Task A_payload_of_the_largest_size_passes()
    {
        var data = new byte[1024 * 1024];
        new Random(17).NextBytes(data);
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<byte[]>(Unique);
        for (var i = 0; i < 5; i++)
            await connection.PublishAsync(Unique, data);
        for (var i = 0; i < 5; i++)
        {
            var received = (await NextAsync(sub)).Data;
            Assert.True(data.AsSpan().SequenceEqual(received));
        }
    }

    [Fact]
    public async Task An_empty_message_is_marked()
    {
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<byte[]>(Unique);
        await connection.PublishAsync(Unique);
        var msg = await NextAsync(sub);
        Assert.True(msg.IsEmpty);
        Assert.Empty(msg.Data!);
        Assert.Null(msg.Headers);
    }

    [Fact]
    public async Task One_member_of_a_queue_group_gets_each_message()
    {
        var connection = Connect();
        await using var first = await connection.SubscribeCoreAsync<int>(Unique, queueGroup: "workers");
        await using var second = await connection.SubscribeCoreAsync<int>(Unique, queueGroup: "workers");
        for (var i = 0; i < 200; i++)
            await connection.PublishAsync(Unique, i);
        await Until.TrueAsync("all came", () => first.Msgs.Count + second.Msgs.Count == 200);
    }

    [Fact]
    public async Task A_subscription_ends_after_its_last_message()
    {
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<int>(Unique, opts: new NatsSubOpts { MaxMsgs = 3 });
        for (var i = 0; i < 5; i++)
            await connection.PublishAsync(Unique, i);
        var received = new List<int>();
        await foreach (var msg in sub.Msgs.ReadAllAsync())
            received.Add(msg.Data);
        Assert.Equal([0, 1, 2], received);
        Assert.Equal(NatsSubEndReason.MaxMsgs, ((NatsSubBase)sub).EndReason);
    }

    [Theory]
    [InlineData(NatsSubEndReason.Timeout)]
    [InlineData(NatsSubEndReason.StartUpTimeout)]
    [InlineData(NatsSubEndReason.IdleTimeout)]
    public async Task A_subscription_ends_at_its_deadline(NatsSubEndReason reason)
    {
        var soon = TimeSpan.FromMilliseconds(50);
        var opts = reason switch
        {
            NatsSubEndReason.Timeout => new NatsSubOpts { Timeout = soon },
            NatsSubEndReason.StartUpTimeout => new NatsSubOpts { StartUpTimeout = soon },
            _ => new NatsSubOpts { IdleTimeout = soon },
        };
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<int>(Unique, opts: opts);
        await Until.DoneAsync("it ended", sub.Msgs.Completion);
        Assert.Equal(reason, ((NatsSubBase)sub).EndReason);
    }

    [Fact]
    public async Task Cancelling_ends_the_loop_without_an_exception()
    {
        var connection = Connect();
        using var cancellation = new CancellationTokenSource();
        var count = 0;
        var subscribed = Task.Run(async () =>
        {
            await foreach (var msg in connection.SubscribeAsync<int>(Unique, cancellationToken: cancellation.Token))
                count++;
        });
        await Until.TrueAsync("a message arrived", async () =>
        {
            await connection.PublishAsync(Unique, 1);
            return Volatile.Read(ref count) > 0;
        });
        await cancellation.CancelAsync();
        await Until.DoneAsync("the loop ended", subscribed);
    }

    [Fact]
    public async Task What_cannot_be_read_is_delivered_with_its_error()
    {
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<int>(Unique);
        await connection.PublishAsync(Unique, "not a number");
        var msg = await NextAsync(sub);
        Assert.IsType<NatsDeserializeException>(msg.Error);
        Assert.Throws<NatsDeserializeException>(msg.EnsureSuccess);
        await connection.PublishAsync(Unique, 7);
        Assert.Equal(7, (await NextAsync(sub)).Data);
    }

    private static Task<NatsMsg<T>> NextAsync<T>(INatsSub<T> sub) => Until.DoneAsync("a message came", sub.Msgs.ReadAsync().AsTask());
}
