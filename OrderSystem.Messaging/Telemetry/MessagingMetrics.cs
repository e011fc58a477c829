using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrderSystem.Messaging.Telemetry;

/// <summary>Metrics of publishing and processing; names and units follow the messaging semantic conventions.</summary>
internal sealed class MessagingMetrics
{
    /// <summary>The boundaries of the messaging conventions, in seconds.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    private readonly Histogram<double> operationDuration;
    private readonly Histogram<double> processDuration;
    private readonly Counter<long> sent;
    private readonly Counter<long> consumed;
    private readonly Counter<long> duplicates;
    private readonly Counter<long> deadLettered;

    public MessagingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MessagingTelemetry.Name);
        operationDuration = meter.CreateHistogram(
            "messaging.client.operation.duration", "s", "Duration of publishing an event until its acknowledgement.", advice: Seconds);
        processDuration = meter.CreateHistogram("messaging.process.duration", "s", "Duration of processing an event.", advice: Seconds);
        sent = meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Publishes, retries included.");
        consumed = meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Deliveries, redeliveries included.");
        duplicates = meter.CreateCounter<long>(
            "ordersystem.publish.duplicates", "{message}", "Publishes that the stream recognised as duplicates.");
        deadLettered = meter.CreateCounter<long>("ordersystem.dead_letters.kept", "{message}", "Messages that became dead letters.");
    }

    internal void Sent(string subject, TimeSpan duration, bool stored)
    {
        var tags = new TagList
        {
            { "messaging.system", "nats" }, { "messaging.destination.name", subject }, { "messaging.operation.name", "send" },
        };
        if (!stored)
            tags.Add("error.type", "not_stored");
        sent.Add(1, tags);
        operationDuration.Record(duration.TotalSeconds, tags);
    }

    internal void Duplicate(string subject) => duplicates.Add(1, new KeyValuePair<string, object?>("messaging.destination.name", subject));

    internal void Processed(string subject, string consumer, TimeSpan duration, string? errorType)
    {
        var tags = new TagList
        {
            { "messaging.system", "nats" },
            { "messaging.destination.name", subject },
            { "messaging.consumer.group.name", consumer },
            { "messaging.operation.name", "process" },
        };
        if (errorType is not null)
            tags.Add("error.type", errorType);
        consumed.Add(1, tags);
        processDuration.Record(duration.TotalSeconds, tags);
    }

    internal void DeadLettered(string subject, string consumer) =>
        deadLettered.Add(1, new TagList { { "messaging.destination.name", subject }, { "messaging.consumer.group.name", consumer } });
}
