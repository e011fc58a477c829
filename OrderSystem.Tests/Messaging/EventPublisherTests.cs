using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.Outbox;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.ServiceDefaults.Telemetry;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

public sealed class EventPublisherTests
{
    /// <summary>Both events belong to traces that are not sampled; only the failure has to be seen.</summary>
    [Fact]
    public async Task Of_a_trace_that_is_not_sampled_only_a_failed_publish_is_recorded()
    {
        await using var server = await NatsServer.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        var jetStream = new NatsJSContext(nats);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var publisher = Publisher(jetStream, services, TimeProvider.System);
        KeptSpans.IsEnabled = true;
        var trace = ActivityTraceId.CreateRandom();
        var recorded = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MessagingTelemetry.Name,
            Sample = (ref options) => options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.PropagationData,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == trace && activity.IsAllDataRequested)
                    recorded.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var stored = StoredEvent.Create(new OrderCancelled(Guid.NewGuid(), "c-17"), version: 1, TimeProvider.System.GetUtcNow())
            with { TraceParent = $"00-{trace}-00f067aa0ba902b7-00" };

        await publisher.PublishAsync(stored, CancellationToken.None);
        await jetStream.CreateStreamAsync(new("ORDERS", ["orders.>"]));
        await publisher.PublishAsync(stored, CancellationToken.None);

        var failed = Assert.Single(recorded);
        Assert.Equal(("send orders.cancelled", ActivityStatusCode.Error), (failed.DisplayName, failed.Status));
    }

    [Fact]
    public async Task The_last_failure_clears_after_a_successful_publish_or_when_it_is_out_of_date()
    {
        await using var server = await NatsServer.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        await nats.ConnectAsync();
        var jetStream = new NatsJSContext(nats);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var time = new FakeTimeProvider();
        var publisher = Publisher(jetStream, services, time);
        var stored = StoredEvent.Create(new OrderCancelled(Guid.NewGuid(), "c-17"), version: 1, time.GetUtcNow());

        await publisher.PublishAsync(stored, CancellationToken.None);
        Assert.NotNull(publisher.LastFailure);

        // Another instance may have published it by now.
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(publisher.LastFailure);

        await publisher.PublishAsync(stored, CancellationToken.None);
        Assert.NotNull(publisher.LastFailure);
        await jetStream.CreateStreamAsync(new("ORDERS", ["orders.>"]));
        await publisher.PublishAsync(stored, CancellationToken.None);
        Assert.Null(publisher.LastFailure);
    }

    private static EventPublisher Publisher(NatsJSContext jetStream, ServiceProvider services, TimeProvider time) => new(
        jetStream, new EventSource("/order-api"), Options.Create(new RelayOptions()),
        new MessagingMetrics(services.GetRequiredService<IMeterFactory>()), time);
}
