using System.Globalization;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>A changed default would change the system without a line of it changing.</summary>
public sealed class DefaultsTests
{
    private const string Expected = """
        NatsOpts.Url = nats://localhost:4222
        NatsOpts.Name = NATS .NET Client
        NatsOpts.Echo = True
        NatsOpts.Verbose = False
        NatsOpts.Headers = True
        NatsOpts.WriterBufferSize = 65536
        NatsOpts.ReaderBufferSize = 65536
        NatsOpts.MaxPayloadHardCap = 67108864
        NatsOpts.UseThreadPoolCallback = False
        NatsOpts.InboxPrefix = _INBOX
        NatsOpts.NoRandomize = False
        NatsOpts.PingInterval = 00:02:00
        NatsOpts.MaxPingOut = 2
        NatsOpts.ReconnectWaitMin = 00:00:02
        NatsOpts.ReconnectJitter = 00:00:00.1000000
        NatsOpts.ConnectTimeout = 00:00:02
        NatsOpts.ObjectPoolSize = 256
        NatsOpts.RequestTimeout = 00:00:05
        NatsOpts.CommandTimeout = 00:00:05
        NatsOpts.SubscriptionCleanUpInterval = 00:05:00
        NatsOpts.WaitUntilSent = False
        NatsOpts.DrainSubscriptionsOnDispose = False
        NatsOpts.ConsumerDrainOnDisposeTimeout =
        NatsOpts.DrainPingTimeout = 00:00:05
        NatsOpts.MaxReconnectRetry = -1
        NatsOpts.ReconnectWaitMax = 00:00:05
        NatsOpts.IgnoreAuthErrorAbort = False
        NatsOpts.SubPendingChannelCapacity = 1024
        NatsOpts.SubPendingChannelFullMode = DropNewest
        NatsOpts.RequestReplyMode = SharedInbox
        NatsOpts.RetryOnInitialConnect = False
        NatsOpts.PublishTimeoutOnDisconnected = False
        NatsOpts.SkipSubjectValidation = False
        NatsOpts.SuppressSlowConsumerWarnings = False
        NatsAuthOpts.IsAnonymous = True
        NatsTlsOpts.InsecureSkipVerify = False
        NatsTlsOpts.Mode = Auto
        NatsHeaders.Version = 1
        NatsHeaders.Code = 0
        NatsHeaders.MessageText =
        NatsHeaders.Message = Text
        NatsHeaders.Count = 0
        NatsHeaders.IsReadOnly = False
        NatsJSPubOpts.RetryWaitBetweenAttempts = 00:00:00.2500000
        NatsJSPubOpts.RetryAttempts = 1
        NatsJSConsumeOpts.MaxMsgs =
        NatsJSConsumeOpts.MaxConsecutive503Errors = 10
        NatsJSOrderedConsumerOpts.InactiveThreshold = 00:05:00
        NatsJSOrderedConsumerOpts.MaxResetAttempts = -1
        PubAckResponse.Seq = 0
        PubAckResponse.Duplicate = False
        StreamConfig.Retention = Limits
        StreamConfig.Storage = File
        StreamConfig.Discard = Old
        StreamConfig.Compression = None
        StreamConfig.MaxMsgs = 0
        StreamConfig.MaxAge = 00:00:00
        StreamConfig.NumReplicas = 0
        ConsumerConfig.DeliverPolicy = All
        ConsumerConfig.AckPolicy = Explicit
        ConsumerConfig.ReplayPolicy = Instant
        ConsumerConfig.AckWait = 00:00:00
        ConsumerConfig.MaxDeliver = 0
        ConsumerConfig.MaxAckPending = 0
        """;

    [Fact]
    public void Every_default_is_the_expected_one()
    {
        object[] samples =
        [
            new NatsOpts(), new NatsAuthOpts(), new NatsTlsOpts(), new NatsHeaders(), new NatsJSPubOpts(), new NatsJSConsumeOpts(),
            new NatsJSOrderedConsumerOpts(), new PubAckResponse(), new StreamConfig(), new ConsumerConfig(),
        ];
        var actual = Expected.Split('\n').Select(line => line.Split(" =")[0]).Select(name =>
        {
            var (type, property) = (name.Split('.')[0], name.Split('.')[1]);
            var sample = samples.Single(candidate => candidate.GetType().Name == type);
            var value = Convert.ToString(sample.GetType().GetProperty(property)!.GetValue(sample), CultureInfo.InvariantCulture);
            return $"{name} = {value}".TrimEnd();
        });
        Assert.Equal(Expected, string.Join('\n', actual));
    }

    [Fact]
    public void A_context_takes_its_defaults_from_the_connection()
    {
        var opts = new NatsJSOpts(NatsOpts.Default with { RequestTimeout = TimeSpan.FromSeconds(9) });
        Assert.Equal(("$JS.API", "$JS.API", null, false), (opts.Prefix, opts.ApiPrefix, opts.Domain, opts.DoubleAck));
        Assert.Equal(TimeSpan.FromSeconds(9), opts.RequestTimeout);
        Assert.Equal(1000, opts.DefaultConsumeOpts.MaxMsgs);
    }

    [Fact]
    public void A_named_consumer_is_durable()
    {
        var config = new ConsumerConfig("c");
        Assert.Equal(("c", "c"), (config.Name, config.DurableName));
    }
}
