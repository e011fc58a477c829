using System.Diagnostics;
using System.Diagnostics.Metrics;
using OrderSystem.Messaging.JetStream;

namespace OrderSystem.Messaging;

/// <summary>What the messaging library measures; names and units by the messaging conventions.</summary>
internal sealed class MessagingMetrics
{
    private readonly Histogram<double> operationDuration;
    private readonly Histogram<double> processDuration;
    private readonly Counter<long> sent;
    private readonly Counter<long> consumed;
    private readonly Counter<long> deadLettered;

    public MessagingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MessagingTelemetry.Name);
        operationDuration = meter.CreateHistogram<double>("messaging.client.operation.duration", "s", "Duration of publishing an event until its acknowledgement.");
        processDuration = meter.CreateHistogram<double>("messaging.process.duration", "s", "Duration of handling an event.");
        sent = meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Publishes, with repetitions.");
        consumed = meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Deliveries, with repetitions.");
        deadLettered = meter.CreateCounter<long>("ordersystem.dead_letters", "{message}", "Messages that could not be processed.");
    }

    internal void Sent(string subject, TimeSpan duration, bool stored)
    {
        var tags = new TagList { { "messaging.system", "nats" }, { "messaging.destination.name", subject }, { "messaging.operation.name", "send" } };
        if (!stored)
            tags.Add("error.type", "not_stored");
        sent.Add(1, tags);
        operationDuration.Record(duration.TotalSeconds, tags);
    }

    internal void Processed(string subject, string consumer, TimeSpan duration, HandlingResult.Verdict verdict)
    {
        var tags = new TagList
        {
            { "messaging.system", "nats" },
            { "messaging.destination.name", subject },
            { "messaging.consumer.group.name", consumer },
            { "messaging.operation.name", "process" },
        };
        if (verdict != HandlingResult.Verdict.Done)
            tags.Add("error.type", verdict == HandlingResult.Verdict.Retry ? "retry" : "rejected");
        consumed.Add(1, tags);
        processDuration.Record(duration.TotalSeconds, tags);
    }

    internal void DeadLettered(string subject, string consumer) =>
        deadLettered.Add(1, new TagList { { "messaging.destination.name", subject }, { "messaging.consumer.group.name", consumer } });
}
