using System.Globalization;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class JetStreamPublishTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task An_answer_tells_stream_and_sequence()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var ack = await js.PublishAsync($"{Unique}.a", "x");
        ack.EnsureSuccess();
        Assert.Equal((Unique, 1ul, false), (ack.Stream, ack.Seq, ack.Duplicate));
        Assert.True(ack.IsSuccess());
    }

    [Fact]
    public async Task A_duplicate_is_answered_with_the_first_sequence()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var opts = new NatsJSPubOpts { MsgId = "once" };
        await js.PublishAsync($"{Unique}.a", "x", opts: opts);
        var ack = await js.PublishAsync($"{Unique}.a", "x", opts: opts);
        Assert.Equal((true, 1ul), (ack.Duplicate, ack.Seq));
        Assert.False(ack.IsSuccess());
        Assert.Equal(1ul, Assert.Throws<NatsJSDuplicateMessageException>(ack.EnsureSuccess).Sequence);
        var result = await js.TryPublishAsync($"{Unique}.a", "x", opts: opts);
        Assert.True(result.Success);
        Assert.True(result.Value.Duplicate);
    }

    [Fact]
    public async Task A_wrong_expected_sequence_is_an_error_in_the_answer()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        await js.PublishAsync($"{Unique}.a", "x");
        var ack = await js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { ExpectedLastSequence = 9 });
        Assert.Equal((400, 10071), (ack.Error!.Code, ack.Error.ErrCode));
        Assert.Equal(10071, Assert.Throws<NatsJSApiException>(ack.EnsureSuccess).Error.ErrCode);
        Assert.Null((await js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { ExpectedLastSequence = 1 })).Error);

        ack = await js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { ExpectedLastSubjectSequence = 9 });
        Assert.Equal(10071, ack.Error!.ErrCode);
        ack = await js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { ExpectedStream = "other" });
        Assert.Equal(10060, ack.Error!.ErrCode);
        ack = await js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { ExpectedLastMsgId = "other" });
        Assert.Equal(10070, ack.Error!.ErrCode);
    }

    [Fact]
    public async Task Without_a_stream_for_the_subject_nobody_answers()
    {
        var js = JetStream();
        await Assert.ThrowsAsync<NatsJSPublishNoResponseException>(async () => await js.PublishAsync(Unique, "x"));
        var result = await js.TryPublishAsync(Unique, "x");
        Assert.False(result.Success);
        Assert.IsType<NatsJSPublishNoResponseException>(result.Error);
    }

    [Fact]
    public async Task A_retry_finds_the_stream_that_came_meanwhile()
    {
        var js = JetStream();
        var publish = js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { RetryAttempts = 100, RetryWaitBetweenAttempts = TimeSpan.FromMilliseconds(50) }).AsTask();
        await CreateStreamAsync(js);
        Assert.Equal(1ul, (await Until.DoneAsync("it was stored", publish)).Seq);
    }

    [Fact]
    public async Task A_full_stream_refuses_with_its_reason()
    {
        var js = JetStream();
        await js.CreateStreamAsync(new StreamConfig(Unique, [$"{Unique}.>"]) { MaxMsgs = 1, Discard = StreamConfigDiscard.New });
        await PublishAsync(js, 1);
        var ack = await js.PublishAsync($"{Unique}.n", 2);
        Assert.Equal(10077, ack.Error!.ErrCode);
    }

    [Fact]
    public async Task Headers_are_stored_and_the_message_id_is_among_them()
    {
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        var headers = new NatsHeaders { ["ce-id"] = "1" };
        await js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { MsgId = "m1" }, headers: headers);
        Assert.Equal("m1", headers["Nats-Msg-Id"]);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { MsgId = "m2" }, headers: headers));

        var consumer = await stream.CreateOrUpdateConsumerAsync(new ConsumerConfig("c"));
        var msg = await consumer.NextAsync<string>();
        Assert.Equal(("1", "m1"), ((string?)msg!.Headers!["ce-id"], (string?)msg.Headers["Nats-Msg-Id"]));
    }

    [Fact]
    public async Task Ten_thousand_publishes_at_once_are_all_answered_in_their_order()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var futures = new List<NatsJSPublishConcurrentFuture>();
        for (var i = 0; i < 10_000; i++)
            futures.Add(await js.PublishConcurrentAsync($"{Unique}.a", i, opts: new NatsJSPubOpts { MsgId = i.ToString(CultureInfo.InvariantCulture) }));
        var expected = 1ul;
        foreach (var future in futures)
        {
            await using var disposal = future;
            var ack = await future.GetResponseAsync();
            ack.EnsureSuccess();
            Assert.Equal(expected++, ack.Seq);
        }
    }

    [Fact]
    public async Task A_concurrent_publish_without_stream_fails_when_its_answer_is_asked_for()
    {
        var js = JetStream();
        await using var future = await js.PublishConcurrentAsync(Unique, 1);
        await Assert.ThrowsAsync<NatsJSPublishNoResponseException>(async () => await future.GetResponseAsync());
    }

    [Fact]
    public async Task Ten_thousand_publishers_at_once_store_each_message_once()
    {
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        var acks = await Task.WhenAll(Enumerable.Range(0, 10_000).Select(i => js.PublishAsync($"{Unique}.a", i).AsTask()));
        Assert.Equal(10_000, acks.Select(ack => ack.Seq).Distinct().Count());
        await stream.RefreshAsync();
        Assert.Equal(10_000, stream.Info.State.Messages);
    }

    [Fact]
    public async Task A_message_with_nothing_in_it_is_stored()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        Assert.Equal(1ul, (await js.PublishAsync<byte[]>($"{Unique}.a", null)).Seq);
    }
}
