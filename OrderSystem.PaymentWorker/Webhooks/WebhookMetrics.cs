using System.Diagnostics.Metrics;
using OrderSystem.PaymentWorker.Telemetry;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>Counts webhooks by what became of their delivery.</summary>
internal sealed class WebhookMetrics
{
    private readonly Counter<long> received;

    public WebhookMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(PaymentTelemetry.Name);
        received = meter.CreateCounter<long>("ordersystem.webhooks.received", "{webhook}", "Deliveries of webhooks, by result.");
    }

    internal void Received(string result) => received.Add(1, new KeyValuePair<string, object?>("result", result));
}
