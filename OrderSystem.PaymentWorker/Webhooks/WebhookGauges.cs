using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Telemetry;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>The webhooks that cannot be applied, and those of them that contradict a final outcome.</summary>
internal sealed class WebhookGauges : DatabaseGauges<WebhookGauges.Sample>
{
    internal const string Query =
        """
        SELECT count(*), count(*) FILTER (WHERE contradicts)
        FROM (SELECT contradicts FROM webhook_events WHERE state = 'dead' LIMIT 10000) AS dead
        """;

    public WebhookGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<WebhookGauges> logger)
        : base(database, Query, time, logger)
    {
        var meter = meters.Create(PaymentTelemetry.Name);
        meter.CreateObservableGauge(
            "ordersystem.webhooks.dead", () => Measure(sample => sample.Dead), "{webhook}", "Webhooks that cannot be applied.");
        meter.CreateObservableGauge(
            "ordersystem.webhooks.contradictions", () => Measure(sample => sample.Contradictions), "{webhook}",
            "Webhooks that contradict the final outcome of their payment.");
    }

    protected override Sample Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetInt64(1));

    internal sealed record Sample(long Dead, long Contradictions);
}
