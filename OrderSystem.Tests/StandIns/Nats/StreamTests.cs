using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class StreamTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task A_stream_has_what_it_was_created_with_and_the_defaults_of_the_server()
    {
        var js = JetStream();
        var stream = await js.CreateStreamAsync(new StreamConfig(Unique, [$"{Unique}.*"])
        {
            Description = "for a test",
            Storage = StreamConfigStorage.File,
            Retention = StreamConfigRetention.Limits,
            Discard = StreamConfigDiscard.New,
            MaxAge = TimeSpan.FromDays(7),
            MaxMsgSize = 65536,
            DuplicateWindow = TimeSpan.FromMinutes(10),
            NumReplicas = 1,
            AllowDirect = true,
        });

        var config = (await js.GetStreamAsync(Unique)).Info.Config;
        Assert.Equal([$"{Unique}.*"], config.Subjects!);
        Assert.Equal("for a test", config.Description);
        Assert.Equal(StreamConfigStorage.File, config.Storage);
        Assert.Equal(StreamConfigRetention.Limits, config.Retention);
        Assert.Equal(StreamConfigDiscard.New, config.Discard);
        Assert.Equal(TimeSpan.FromDays(7), config.MaxAge);
        Assert.Equal(65536, config.MaxMsgSize);
        Assert.Equal(TimeSpan.FromMinutes(10), config.DuplicateWindow);
        Assert.Equal(1, config.NumReplicas);
        Assert.True(config.AllowDirect);
        Assert.Equal(-1, config.MaxMsgs);
        Assert.Equal(-1, config.MaxConsumers);
        Assert.True(TimeProvider.System.GetUtcNow() - stream.Info.Created < TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task An_update_of_fetched_fields_changes_only_what_was_changed()
    {
        var js = JetStream();
        await js.CreateStreamAsync(new StreamConfig(Unique, [$"{Unique}.a"]) { MaxMsgs = 77, MaxMsgsPerSubject = 5, DenyDelete = true, Discard = StreamConfigDiscard.New, Storage = StreamConfigStorage.Memory });
        var before = (await js.GetStreamAsync(Unique)).Info.Config;

        await js.UpdateStreamAsync(before with { Subjects = [$"{Unique}.a", $"{Unique}.b"], MaxAge = TimeSpan.FromHours(1), DuplicateWindow = TimeSpan.FromMinutes(1) });

        var after = (await js.GetStreamAsync(Unique)).Info.Config;
        Assert.Equal([$"{Unique}.a", $"{Unique}.b"], after.Subjects!);
        Assert.Equal(TimeSpan.FromHours(1), after.MaxAge);
        Assert.Equal((77L, 5L, true, StreamConfigDiscard.New, StreamConfigStorage.Memory), (after.MaxMsgs, after.MaxMsgsPerSubject, after.DenyDelete, after.Discard, after.Storage));
    }

    [Fact]
    public async Task Create_or_update_does_either()
    {
        var js = JetStream();
        var created = await js.CreateOrUpdateStreamAsync(new StreamConfig(Unique, [$"{Unique}.a"]));
        Assert.Equal(0, created.Info.Config.MaxAge.Ticks);
        var updated = await js.CreateOrUpdateStreamAsync(new StreamConfig(Unique, [$"{Unique}.a"]) { MaxAge = TimeSpan.FromHours(1) });
        Assert.Equal(TimeSpan.FromHours(1), updated.Info.Config.MaxAge);
    }

    [Fact]
    public async Task A_missing_stream_is_error_10059()
    {
        var js = JetStream();
        var e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.GetStreamAsync(Unique));
        Assert.Equal((404, 10059), (e.Error.Code, e.Error.ErrCode));
        e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.DeleteStreamAsync(Unique));
        Assert.Equal(10059, e.Error.ErrCode);
        e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.UpdateStreamAsync(new StreamConfig(Unique, ["x"])));
        Assert.Equal(10059, e.Error.ErrCode);
    }

    [Fact]
    public async Task A_change_that_the_server_refuses_is_an_exception_with_its_words()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.UpdateStreamAsync(new StreamConfig(Unique, [$"{Unique}.>"]) { Storage = StreamConfigStorage.Memory }));
        Assert.Equal(e.Error.Description, e.Message);
        Assert.NotEqual(0, e.Error.ErrCode);
    }

    [Fact]
    public async Task Streams_are_listed_by_name_and_in_full()
    {
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        Assert.Contains(Unique, await js.ListStreamNamesAsync().ToListAsync());
        Assert.Equal([Unique], await js.ListStreamNamesAsync($"{Unique}.x").ToListAsync());
        Assert.Equal(Unique, Assert.Single(await js.ListStreamsAsync($"{Unique}.x").ToListAsync()).Info.Config.Name);
        Assert.True(await stream.DeleteAsync());
        Assert.Empty(await js.ListStreamNamesAsync($"{Unique}.x").ToListAsync());
    }

    [Fact]
    public async Task The_state_counts_what_is_there()
    {
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        await PublishAsync(js, 5);
        await stream.RefreshAsync();
        Assert.Equal((5L, 1ul, 5ul), (stream.Info.State.Messages, stream.Info.State.FirstSeq, stream.Info.State.LastSeq));
        var detailed = await js.GetStreamAsync(Unique, new StreamInfoRequest { SubjectsFilter = ">" });
        Assert.Equal(5, detailed.Info.State.Subjects![$"{Unique}.n"]);

        Assert.True((await stream.DeleteMessageAsync(new StreamMsgDeleteRequest { Seq = 2 })).Success);
        Assert.Equal(2ul, (await stream.PurgeAsync(new StreamPurgeRequest { Keep = 2 })).Purged);
        await stream.RefreshAsync();
        Assert.Equal(2, stream.Info.State.Messages);
    }

    [Fact]
    public async Task One_message_is_read_from_the_leader()
    {
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        await js.PublishAsync($"{Unique}.a", "first", headers: new NatsHeaders { ["k"] = "v" });
        await js.PublishAsync($"{Unique}.b", "second");
        var first = (await stream.GetAsync(new StreamMsgGetRequest { Seq = 1 })).Message;
        Assert.Equal((1ul, $"{Unique}.a", "first"), (first.Seq, first.Subject, System.Text.Encoding.UTF8.GetString(first.Data.Span)));
        Assert.Contains("k: v", System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(first.Hdrs!)), StringComparison.Ordinal);
        Assert.Equal(2ul, (await stream.GetAsync(new StreamMsgGetRequest { LastBySubj = $"{Unique}.b" })).Message.Seq);
        var e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await stream.GetAsync(new StreamMsgGetRequest { Seq = 9 }));
        Assert.Equal((404, 10037), (e.Error.Code, e.Error.ErrCode));
    }

    [Fact]
    public async Task One_message_is_read_directly()
    {
        var js = JetStream();
        var stream = await js.CreateStreamAsync(new StreamConfig(Unique, [$"{Unique}.>"]) { AllowDirect = true });
        await js.PublishAsync($"{Unique}.a", "first", headers: new NatsHeaders { ["k"] = "v" });
        var msg = await stream.GetDirectAsync<string>(new StreamMsgGetRequest { Seq = 1 });
        Assert.Equal(("first", "v", "1", $"{Unique}.a"), (msg.Data, (string?)msg.Headers!["k"], (string?)msg.Headers["Nats-Sequence"], (string?)msg.Headers["Nats-Subject"]));
        var e = await Assert.ThrowsAsync<NatsJSApiException>(async () => await stream.GetDirectAsync<string>(new StreamMsgGetRequest { Seq = 9 }));
        Assert.Equal(404, e.Error.Code);
    }

    [Fact]
    public async Task The_account_tells_its_limits_and_use()
    {
        var js = JetStream();
        await CreateStreamAsync(js);
        var account = await js.GetAccountInfoAsync();
        Assert.True(account.Streams > 0);
        Assert.Equal(-1, account.Limits.MaxStreams);
        Assert.True(account.Api.Total > 0);
    }

    [Fact]
    public async Task A_call_that_nobody_answers_says_so()
    {
        var js = new NatsJSContext(Connect(), new NatsJSOpts(Opts, domain: "nowhere"));
        Assert.Equal("$JS.nowhere.API", js.Opts.Prefix);
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await js.GetAccountInfoAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("a>")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        var js = JetStream();
        await Assert.ThrowsAsync<ArgumentException>(async () => await js.GetStreamAsync(name));
        await Assert.ThrowsAsync<ArgumentException>(async () => await js.CreateStreamAsync(new StreamConfig(name, ["x"])));
        await Assert.ThrowsAsync<ArgumentException>(async () => await js.GetConsumerAsync("s", name));
    }
}
