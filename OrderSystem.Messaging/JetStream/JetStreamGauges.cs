using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using OrderSystem.Messaging.Telemetry;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Consumer lag and dead letters as metrics, from the last poll of the monitor.</summary>
internal sealed class JetStreamGauges : IHostedService
{
    public JetStreamGauges(
        ConsumerDeclaration consumer, JetStreamMonitor monitor, PositionKeeper position, IMeterFactory meters)
    {
        var meter = meters.Create(MessagingTelemetry.Name);
        var tag = new KeyValuePair<string, object?>("messaging.consumer.group.name", consumer.Name);
        meter.CreateObservableGauge(
            "ordersystem.consumer.pending", () => Measure(monitor.Last?.Consumer?.Pending, tag),
            "{message}", "Consumer lag: messages that were never delivered yet.");
        meter.CreateObservableGauge(
            "ordersystem.consumer.ack_pending", () => Measure(monitor.Last?.Consumer?.AckPending, tag),
            "{message}", "Messages that are delivered and not yet acknowledged.");
        meter.CreateObservableGauge(
            "ordersystem.consumer.redelivered", () => Measure(monitor.Last?.Consumer?.Redelivered, tag), "{message}",
            "Messages that were delivered more than once and are not yet acknowledged.");
        meter.CreateObservableGauge(
            "ordersystem.consumer.stream_lost", () => Measure(monitor.Last is null ? null : position.StreamLost, tag), "{stream}",
            "1 for an hour after the consumer's stream was found to have lost messages; else 0.");
        meter.CreateObservableGauge(
            "ordersystem.dead_letters.depth", () => Measure(monitor.Last?.DeadLetters),
            "{message}", "Dead letters that were neither replayed nor discarded.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static IEnumerable<Measurement<long>> Measure(long? value, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        value is { } known ? [new(known, tags)] : [];
}
