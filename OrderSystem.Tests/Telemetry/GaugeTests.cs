using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>The alerts hold gauges to this: an old figure is never shown as a new one, and what is away is named.</summary>
public sealed class GaugeTests
{
    private static readonly string[] OfTheDatabase = ["ordersystem_outbox_depth", "ordersystem_outbox_oldest_age_seconds", "ordersystem_outbox_parked"];
    private static readonly string[] OfOrders = [.. OfTheDatabase, "ordersystem_orders_open", "ordersystem_orders_oldest_pending_age_seconds"];
    private static readonly string[] OfPayments = [.. OfTheDatabase, "ordersystem_payments_review_oldest_seconds", "ordersystem_payments_oldest_refund_age_seconds"];

    [Fact]
    public async Task What_cannot_be_measured_vanishes_while_the_health_of_each_dependency_is_told()
    {
        await using var system = await RunningSystem.StartAsync(ServiceMetrics.Settings.ToDictionary(setting => setting.Name, setting => setting.Value));
        var services = new[] { (system.OrderApi, OfOrders), (system.Worker, OfPayments) };
        await ShowAsync("all is measured", (text, gauges) => gauges.All(text.Contains) && Health(text, "postgresql") == "2" && Health(text, "jetstream") == "2" && Health(text, "self") == "2");

        await system.Postgres.StopAsync();
        await ShowAsync("what the database tells is gone", (text, gauges) => !gauges.Any(text.Contains) && text.Contains("ordersystem_dead_letters_depth", StringComparison.Ordinal)
            && Health(text, "postgresql") == "0" && Health(text, "jetstream") == "2" && Health(text, "self") == "2");

        await system.Postgres.StartAgainAsync();
        await ShowAsync("all is measured again", (text, gauges) => gauges.All(text.Contains) && Health(text, "postgresql") == "2");

        async Task ShowAsync(string what, Func<string, string[], bool> isShown)
        {
            foreach (var (service, gauges) in services)
                await Eventually.BeTrueAsync(what, async () => isShown(await ServiceMetrics.ScrapeAsync(service), gauges), TimeSpan.FromSeconds(60));
        }
    }

    private static string? Health(string text, string check) => text.Split('\n')
        .FirstOrDefault(line => line.StartsWith("ordersystem_health_status{", StringComparison.Ordinal) && line.Contains($"check=\"{check}\"", StringComparison.Ordinal))
        ?.Split(' ')[1];
}
