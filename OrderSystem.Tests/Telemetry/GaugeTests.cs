using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>What the alerts rely on: a gauge never exports a stale value, and a dependency that is down is named.</summary>
public sealed class GaugeTests
{
    private static readonly string[] OfTheDatabase =
        ["ordersystem_outbox_depth", "ordersystem_outbox_oldest_age_seconds", "ordersystem_outbox_parked",
        "ordersystem_consumer_stream_lost"];
    private static readonly string[] OfOrders =
        [.. OfTheDatabase, "ordersystem_orders_open", "ordersystem_orders_oldest_pending_age_seconds", "ordersystem_orders_refunds_open",
        "ordersystem_orders_refunds_oldest_open_age_seconds"];
    private static readonly string[] OfPayments =
        [.. OfTheDatabase, "ordersystem_payments_review_oldest_seconds", "ordersystem_payments_oldest_refund_age_seconds",
        "ordersystem_payments_oldest_processing_age_seconds", "ordersystem_refunds_oldest_pending_age_seconds",
        "ordersystem_refunds_review_oldest_seconds", "ordersystem_webhooks_dead", "ordersystem_webhooks_contradictions"];

    [Fact]
    public async Task Unmeasurable_gauges_are_absent_while_the_health_of_each_dependency_is_exported()
    {
        await using var system = await RunningSystem.StartAsync(
            ServiceMetrics.Settings.ToDictionary(setting => setting.Name, setting => setting.Value));
        var services = new[] { (system.OrderApi, OfOrders), (system.Worker, OfPayments) };
        await MetricsAsync(
            "all gauges are exported",
            (text, gauges) => gauges.All(text.Contains)
                && Health(text, "postgresql") == "2" && Health(text, "jetstream") == "2" && Health(text, "self") == "2");

        await system.Postgres.StopAsync();
        await MetricsAsync(
            "the gauges of the database are absent",
            (text, gauges) => !gauges.Any(text.Contains) && text.Contains("ordersystem_dead_letters_depth", StringComparison.Ordinal)
                && Health(text, "postgresql") == "0" && Health(text, "jetstream") == "2" && Health(text, "self") == "2");

        await system.Postgres.StartAgainAsync();
        await MetricsAsync(
            "all gauges are exported again",
            (text, gauges) => gauges.All(text.Contains) && Health(text, "postgresql") == "2");

        async Task MetricsAsync(string what, Func<string, string[], bool> isShown)
        {
            foreach (var (service, gauges) in services)
                await Eventually.BeTrueAsync(
                    what, async () => isShown(await ServiceMetrics.ScrapeAsync(service), gauges), TimeSpan.FromSeconds(60));
        }
    }

    private static string? Health(string text, string check) => text.Split('\n')
        .FirstOrDefault(line => line.StartsWith("ordersystem_health_status{", StringComparison.Ordinal)
            && line.Contains($"check=\"{check}\"", StringComparison.Ordinal))
        ?.Split(' ')[1];
}
