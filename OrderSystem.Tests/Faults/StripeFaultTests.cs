using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>The whole system with Stripe as its provider.</summary>
public sealed class StripeFaultTests
{
    [Fact]
    public async Task Orders_are_paid_declined_and_refunded_by_Stripe()
    {
        await using var system = await FaultSystem.StartAsync(settings: ProviderSettings.WithoutWebhooks("stripe"));
        await system.SetProviderAsync(new { declineCents = new[] { 14 }, requiresActionCents = new[] { 16 } });
        using var client = new Client(system.ApiAddresses[0]);

        await client.WaitForAsync(await client.PlaceAsync(price: 10m, currency: "JPY"), "paid");
        var paid = await client.PlaceAsync(price: 10m);
        await client.WaitForAsync(paid, "paid");
        var declined = await client.WaitForAsync(await client.PlaceAsync(price: 10.07m), "paymentFailed");
        Assert.Equal("card_declined", declined.GetProperty("reason").GetString());
        var action = await client.WaitForAsync(await client.PlaceAsync(price: 10.08m), "paymentFailed");
        Assert.Equal("requires_action", action.GetProperty("reason").GetString());

        // A cancellation during the charge: the charge succeeds, and is refunded.
        await system.SetProviderAsync(new { latency = "00:00:00.8" });
        var cancelled = await client.PlaceAsync();
        await Eventually.BeTrueAsync("the charge is in flight", async () =>
            await Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE order_id = '{cancelled}'") == 1);
        (await client.Http.PostAsync(new Uri($"/orders/{cancelled}/cancel", UriKind.Relative), content: null)).EnsureSuccessStatusCode();
        await Eventually.BeTrueAsync("the charge is refunded", async () =>
            (await Sql.RowAsync(system.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{cancelled}'"))[0] is "refunded");

        var snapshot = await system.AuditAsync();
        Assert.Equal(1, snapshot.Ledger.Count(line => line.IsRefund));
        Assert.All(
            system.AllInstances, service => Assert.DoesNotContain(ProviderSettings.ApiKey, service.Output, StringComparison.Ordinal));
    }
}
