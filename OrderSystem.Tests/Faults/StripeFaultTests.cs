using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>The whole system with Stripe as its provider.</summary>
public sealed class StripeFaultTests
{
    private static readonly (string Name, string Value)[] Settings =
    [
        ("Payments__Provider", "stripe"), ("Payments__Stripe__ApiKey", "sk_test_marked"),
        ("Payments__Stripe__PaymentMethod", "pm_card_visa"),
        ("Payments__ReconcileAfter__0", "00:00:01"), ("Payments__ReconcileAfter__1", "00:00:02"),
        ("Payments__ReconcileAfter__2", "00:00:05"), ("Payments__ReconcileAfter__3", "00:00:10"),
    ];

    [Fact]
    public async Task Orders_are_paid_declined_and_refunded_by_Stripe()
    {
        await using var system = await FaultSystem.StartAsync(settings: Settings);
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
        Assert.All(system.AllInstances, service => Assert.DoesNotContain("sk_test_marked", service.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Lost_responses_of_Stripe_never_charge_twice()
    {
        await using var system = await FaultSystem.StartAsync(workers: 2, settings: Settings);
        await system.SetProviderAsync(
            new { dropAfterChargeRate = 0.3, errorAfterChargeRate = 0.1, keyInUseRate = 0.05, seed = system.Dice.Seed });

        await system.Load.RunAsync(new(Orders: 100, PerSecond: 30));

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(120));
        Assert.True(snapshot.Attempts["droppedAfterEffect"] > 10 && snapshot.Attempts["errorAfterEffect"] > 0, snapshot.ToString());
        Assert.True(snapshot.Attempts["lookedUp"] > 0, "No look-up found the charge of a repeated error.");
        Assert.Equal(100, snapshot.Ledger.Count);
        Assert.All(snapshot.Orders, order => Assert.Equal("paid", order.Status));
    }
}
