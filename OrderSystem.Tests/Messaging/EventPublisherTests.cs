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
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>How long the publisher reports the failure of its last publish.</summary>
public sealed class EventPublisherTests
{
    [Fact]
    public async Task The_last_failure_clears_after_a_successful_publish_or_when_it_is_out_of_date()
    {
        await using var server = await NatsServer.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        await nats.ConnectAsync();
        var jetStream = new NatsJSContext(nats);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var time = new FakeTimeProvider();
        var publisher = new EventPublisher(
            jetStream, new EventSource("/order-api"), Options.Create(new RelayOptions()),
            new MessagingMetrics(services.GetRequiredService<IMeterFactory>()), time);
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
}
