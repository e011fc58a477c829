using NATS.Client.Core;
using NATS.Client.JetStream;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class JetStreamMsgTests
{
    [Theory]
    [InlineData("$JS.ACK.S.C.3.10.20.1700000000123456789.7", "")]
    [InlineData("$JS.ACK._.HASH.S.C.3.10.20.1700000000123456789.7", "")]
    [InlineData("$JS.ACK.hub.HASH.S.C.3.10.20.1700000000123456789.7", "hub")]
    [InlineData("$JS.ACK.hub.HASH.S.C.3.10.20.1700000000123456789.7.random", "hub")]
    public void Metadata_is_read_from_every_form_of_the_reply_subject(string replyTo, string domain)
    {
        var expected = new NatsJSMsgMetadata(new NatsJSSequencePair(10, 20), 3, 7, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000).AddTicks(1_234_567), "S", "C", domain);
        Assert.Equal(expected, Create(replyTo).Metadata);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("_INBOX.x")]
    [InlineData("$JS.ACK.S.C.3.10.20.1700000000123456789")]
    [InlineData("$JS.ACK.S.C.3.10.20.1700000000123456789.7.8")]
    [InlineData("$JS.ACK.S.C.x.10.20.1700000000123456789.7")]
    public void Another_reply_subject_has_no_metadata(string? replyTo) => Assert.Null(Create(replyTo).Metadata);

    [Fact]
    public async Task A_message_without_reply_subject_cannot_be_acknowledged() =>
        await Assert.ThrowsAsync<NatsJSException>(async () => await Create(null).AckAsync());

    [Theory]
    [InlineData("2.9.10", "+TERM")]
    [InlineData("2.10.3", "+TERM")]
    [InlineData("2.10.4", "+TERM because")]
    [InlineData("2.14.5-RC.1", "+TERM because")]
    public async Task A_reason_is_sent_only_to_a_server_that_understands_it(string version, string expected)
    {
        var wire = new ScriptedConnection();
        await using var connection = new NatsConnection(NatsOpts.Default with { SocketConnectionFactory = wire });
        await connection.ConnectAsync();
        wire.Receive($$"""INFO {"server_id":"S","version":"{{version}}","max_payload":1000}""" + "\r\n");
        await Until.TrueAsync("the version is known", () => connection.ServerInfo!.Version == version);
        var msg = new NatsJSMsg<int>(new NatsMsg<int>("s", "$JS.ACK.S.C.1.1.1.1.0", 0, null, 1, connection), new NatsJSContext(connection));
        await msg.AckTerminateAsync(new AckOpts { TerminateReason = "because" });
        await msg.NakAsync(new AckOpts { NakDelay = TimeSpan.FromSeconds(1.5) });
        await connection.PingAsync();
        Assert.Contains(expected, wire.Commands);
        Assert.Contains("""-NAK {"delay":1500000000}""", wire.Commands);
    }

    private static NatsJSMsg<int> Create(string? replyTo) =>
        new(new NatsMsg<int>("s", replyTo, 0, null, 1, null), new NatsJSContext(new NatsConnection()));
}
