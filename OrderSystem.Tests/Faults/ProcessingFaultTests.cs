using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Charges whose outcome comes later, without webhooks.</summary>
public sealed class ProcessingFaultTests
{
    private static readonly (string Name, string Value)[] Settings =
    [
        ("Payments__ProcessingLookUps__0", "00:00:01"), ("Sweeper__After", "00:00:02"),
        ("Payments__Stripe__ApiKey", "sk_test_1"), ("Payments__Stripe__PaymentMethod", "pm_card_visa"),
    ];

    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task A_payment_in_processing_ends_by_look_ups_alone_and_is_charged_once(string provider)
    {
        await using var system = await FaultSystem.StartAsync(settings: [.. Settings, ("Payments__Provider", provider)]);
        using var client = new Client(system.ApiAddresses[0]);

        // Long enough to be cancelled meanwhile; the others need not wait.
        await system.SetProviderAsync(new { processingRate = 1, processingFor = "00:00:15" });
        var cancelled = await client.PlaceAsync(price: 11m);
        await ProcessingAsync(system, 1);
        await system.SetProviderAsync(new { processingRate = 1, processingFor = "00:00:02", declineCents = new[] { 14 } });
        var paid = await client.PlaceAsync(price: 10m);
        var declined = await client.PlaceAsync(price: 10.07m);
        (await client.Http.PostAsync(new Uri($"/orders/{cancelled}/cancel", UriKind.Relative), content: null)).EnsureSuccessStatusCode();
        await client.WaitForAsync(paid, "paid");
        Assert.Equal("card_declined", (await client.WaitForAsync(declined, "paymentFailed")).GetProperty("reason").GetString());
        await Eventually.BeTrueAsync("the cancelled order is refunded", async () =>
            await StatusAsync(system, cancelled) is "refunded");

        // The stalled-order sweep has republished each order meanwhile, which led to no second charge and no further attempt.
        var snapshot = await system.AuditAsync();
        Assert.Equal((3, 1), (snapshot.Ledger.Count(line => line.Kind == "charge"), snapshot.Ledger.Count(line => line.IsRefund)));
        Assert.Equal((3L, 0L), (snapshot.Attempts["processing"], snapshot.Attempts["replayed"]));
        Assert.True(snapshot.OrderApi.Stream.Count > 4, "No order was republished.");
        Assert.Equal(1, await Sql.ScalarAsync<int>(system.PaymentsDatabase, "SELECT max(attempts) FROM payments"));
    }

    [Fact]
    public async Task A_payment_in_processing_goes_to_review_at_the_limit_but_never_by_an_outage()
    {
        await using var system = await FaultSystem.StartAsync(settings: Settings);
        await system.SetProviderAsync(new { processingRate = 1, processingFor = "01:00:00" });
        using var client = new Client(system.ApiAddresses[0]);
        var order = await client.PlaceAsync();
        await ProcessingAsync(system, 1);

        await system.SetProviderAsync(new { outage = true });
        await Sql.ExecuteAsync(system.PaymentsDatabase, "UPDATE payments SET processing_since = now() - interval '15 days'");
        var calls = await CallsAsync(system);
        await Eventually.BeTrueAsync("look-ups beyond the limit have no answer", async () => await CallsAsync(system) > calls + 1);
        Assert.Equal("processing", await StatusAsync(system, order));

        await system.SetProviderAsync(null);
        var reviewed = await client.WaitForAsync(order, "manualReview");
        Assert.Contains("still processing", reviewed.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, await Sql.ScalarAsync<int>(system.PaymentsDatabase, "SELECT max(attempts) FROM payments"));
    }

    private static Task<int> CallsAsync(FaultSystem system) =>
        Sql.ScalarAsync<int>(system.PaymentsDatabase, "SELECT max(jsonb_array_length(calls)) FROM payments");

    private static Task ProcessingAsync(FaultSystem system, int count) => Eventually.BeTrueAsync("the payments are processing", async () =>
        await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE status = 'processing'") == count);

    private static Task<string> StatusAsync(FaultSystem system, Guid order) =>
        Sql.ScalarAsync<string>(system.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{order}'");
}
