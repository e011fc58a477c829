using System.Collections.Concurrent;
using System.Diagnostics;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>A listener hears the whole process, so nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(TracingTests), DisableParallelization = true)]
public sealed class TracingCollection;

[Collection(nameof(TracingTests))]
public sealed class TracingTests(NatsServerProcess server) : NatsTestBase(server), IClassFixture<NatsServerProcess>
{
    [Fact]
    public async Task A_message_carries_the_trace_from_publisher_to_subscriber()
    {
        using var spans = new SpanListener();
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<string>($"{Unique}.*.>", queueGroup: "workers");
        using var root = new Activity("root").Start();
        root.TraceStateString = "vendor=1";
        await connection.PublishAsync($"{Unique}.a.b.c", "x");
        root.Stop();
        var msg = await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask());

        var publish = spans.Single($"{Unique}.a publish");
        var receive = spans.Single($"{Unique}.a receive");
        Assert.Equal((ActivityKind.Producer, root.SpanId), (publish.Kind, publish.ParentSpanId));
        Assert.Equal((ActivityKind.Consumer, publish.SpanId, root.TraceId), (receive.Kind, receive.ParentSpanId, receive.TraceId));
        Assert.Equal("vendor=1", receive.TraceStateString);
        Assert.Equal(receive.Context, msg.Headers.GetActivityContext());
        Assert.Equal($"00-{publish.TraceId}-{publish.SpanId}-01", msg.Headers!["traceparent"].ToString());

        using var work = msg.StartActivity("work", [new("k", "v")]);
        Assert.Equal((ActivityKind.Internal, receive.SpanId, "v"), (work!.Kind, work.ParentSpanId, work.GetTagItem("k")));
    }

    [Fact]
    public async Task Spans_carry_the_tags_of_the_messaging_conventions()
    {
        using var spans = new SpanListener();
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<string>($"{Unique}.*", queueGroup: "workers");
        await connection.PublishAsync($"{Unique}.a", "hello", replyTo: connection.NewInbox());
        await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask());

        Assert.Equal(ActivityKind.Client, spans.Single($"{Unique}.* subscribe").Kind);
        var publish = spans.Single($"{Unique}.a publish");
        var receive = spans.Single($"{Unique}.a receive");
        Assert.All([publish, receive], span =>
        {
            Assert.Equal("nats", span.GetTagItem("messaging.system"));
            Assert.Equal($"{Unique}.a", span.GetTagItem("messaging.destination.name"));
            Assert.Equal("inbox", span.GetTagItem("messaging.nats.message.reply_to"));
            Assert.Equal(connection.ServerInfo!.ClientId, span.GetTagItem("messaging.client_id"));
            Assert.Equal(connection.ServerInfo.Port, span.GetTagItem("server.port"));
        });
        Assert.Equal(("publish", "receive"), (publish.GetTagItem("messaging.operation"), receive.GetTagItem("messaging.operation")));
        Assert.Equal($"{Unique}.*", receive.GetTagItem("messaging.destination.template"));
        Assert.Equal(5L, receive.GetTagItem("messaging.message.body.size"));
        Assert.Equal("workers", receive.GetTagItem("messaging.consumer.group.name"));
    }

    [Fact]
    public async Task The_trace_goes_through_a_stream()
    {
        using var spans = new SpanListener();
        var js = JetStream();
        var stream = await CreateStreamAsync(js);
        var consumer = await stream.CreateOrUpdateConsumerAsync(new ConsumerConfig("c"));
        using var root = new Activity("root").Start();
        await js.PublishAsync($"{Unique}.a", "x", opts: new NatsJSPubOpts { MsgId = "1" });
        root.Stop();
        var msg = (await consumer.NextAsync<string>())!;

        var publish = spans.Single($"{Unique}.a publish");
        Assert.Equal(root.TraceId, publish.TraceId);
        Assert.Equal(publish.SpanId, spans.Single($"{Unique}.a receive").ParentSpanId);
        using var work = msg.StartActivity("work");
        Assert.Equal(root.TraceId, work!.TraceId);
        await msg.AckAsync();
        Assert.Contains(spans.All, span => span.OperationName == "$JS.API publish");
        Assert.Contains(spans.All, span => span.OperationName == "$JS.ACK publish");
        Assert.Contains(spans.All, span => span.OperationName == "inbox receive");
    }

    [Fact]
    public async Task A_request_and_its_answer_are_one_trace()
    {
        using var spans = new SpanListener();
        var connection = Connect();
        await using var responder = await connection.SubscribeCoreAsync<int>(Unique);
        using var root = new Activity("root").Start();
        var request = connection.RequestAsync<int, int>(Unique, 1).AsTask();
        root.Stop();
        var msg = await Until.DoneAsync("it came", responder.Msgs.ReadAsync().AsTask());
        await msg.ReplyAsync(2);
        var reply = await Until.DoneAsync("it was answered", request);
        Assert.Equal("inbox receive", spans.All.Single(span => span.Context == reply.Headers.GetActivityContext()).OperationName);
        Assert.Equal(root.TraceId, spans.Single($"{Unique} publish").TraceId);
    }

    [Fact]
    public async Task A_filter_drops_spans_and_what_it_throws_does_no_harm()
    {
        using var spans = new SpanListener();
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<string>(Unique);
        NatsInstrumentationOptions.Default.Filter = context => context.Subject == Unique ? false : throw new InvalidOperationException("bad filter");
        try
        {
            await connection.PublishAsync(Unique, "x");
            await connection.PublishAsync($"{Unique}.other", "x");
            var msg = await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask());
            Assert.Null(msg.Headers);
            Assert.DoesNotContain(spans.All, span => span.OperationName.EndsWith("publish", StringComparison.Ordinal));
        }
        finally
        {
            NatsInstrumentationOptions.Default.Filter = null;
        }
    }

    [Fact]
    public async Task Enriching_adds_tags_and_what_it_throws_does_no_harm()
    {
        using var spans = new SpanListener();
        var connection = Connect();
        NatsInstrumentationOptions.Default.Enrich = (activity, context) =>
        {
            activity.SetTag("subject.length", context.Subject.Length);
            throw new InvalidOperationException("bad enrichment");
        };
        try
        {
            await connection.PublishAsync(Unique, "x");
            Assert.Equal(Unique.Length, spans.Single($"{Unique} publish").GetTagItem("subject.length"));
        }
        finally
        {
            NatsInstrumentationOptions.Default.Enrich = null;
        }
    }

    [Fact]
    public async Task Receiving_leaves_the_ambient_span_alone()
    {
        using var spans = new SpanListener();
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<string>(Unique);
        await connection.PublishAsync(Unique, "x");
        await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask());
        Assert.Null(Activity.Current);
    }

    [Fact]
    public async Task With_nobody_listening_messages_stay_as_they_are()
    {
        var connection = Connect();
        await using var sub = await connection.SubscribeCoreAsync<string>(Unique);
        using var root = new Activity("root").Start();
        await connection.PublishAsync(Unique, "x");
        var msg = await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask());
        Assert.Null(msg.Headers);
        Assert.Null(msg.StartActivity("work"));
        Assert.Equal(default, msg.Headers.GetActivityContext());
    }

    private sealed class SpanListener : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _spans = new();
        private readonly ActivityListener _listener;

        public SpanListener()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "NATS.Net",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStarted = _spans.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public IEnumerable<Activity> All => _spans;

        public Activity Single(string name) => Assert.Single(_spans, span => span.OperationName == name);

        public void Dispose() => _listener.Dispose();
    }
}
