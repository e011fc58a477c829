using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Charges and refunds of cancelled orders for every response of the provider, and where an operator sees them.</summary>
public sealed class CancelledPaymentTests
{
    private static readonly ScriptedResponse Unavailable = ScriptedResponse.Of(503);

    [Fact]
    public async Task A_cancelled_order_whose_charge_attempts_had_no_effect_ends_without_a_charge()
    {
        await using var system = await StartAsync(_ => ScriptedResponse.Of(401, "{}"));
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await PaymentAsync(
            system, order, "has had a charge attempt without effect", "status = 'charging' AND attempts = 0 AND calls IS NOT NULL");

        await CancelAsync(system, order);

        await PaymentAsync(system, order, "is cancelled", "status = 'cancelled'");
        system.Script!.Script = _ => null;
        var snapshot = await system.AuditAsync();
        Assert.Empty(snapshot.Ledger);
        Assert.False((await OrderAsync(system, order)).TryGetProperty("refund", out _));
    }

    [Theory]
    [InlineData(true, "refunded")]
    [InlineData(false, "cancelled")]
    public async Task A_cancelled_order_that_may_have_been_charged_is_looked_up_and_never_charged_again(bool wasCharged, string expected)
    {
        await using var system = await StartAsync(
            request => request.IsCharge ? (wasCharged ? new ScriptedResponse { ForwardedAs = 503 } : Unavailable) : Unavailable);
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await PaymentAsync(system, order, "is unknown", "status = 'unknown'");
        await CancelAsync(system, order);
        await PaymentAsync(system, order, "knows of the cancellation", "cancelled_at IS NOT NULL");
        await Eventually.BeTrueAsync("the worker looks up the charge and does not repeat it", async () =>
            await Sql.ScalarAsync<bool>(system.PaymentsDatabase, "SELECT calls -> -1 ->> 'kind' = 'look-up' FROM payments"));
        var charges = system.Script!.Requests.Count(request => request.IsCharge);
        system.Script.Script = _ => null;

        await PaymentAsync(system, order, $"is {expected}", $"status = '{expected}'");
        Assert.Equal(charges, system.Script.Requests.Count(request => request.IsCharge));
        var snapshot = await system.AuditAsync();
        Assert.Equal(wasCharged ? 2 : 0, snapshot.Ledger.Count);
    }

    [Fact]
    public async Task A_charge_refunded_by_hand_before_the_cancellation_ends_as_refunded()
    {
        await using var system = await StartAsync(request => request.IsCharge ? new ScriptedResponse { ForwardedAs = 503 } : Unavailable);
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await PaymentAsync(system, order, "is unknown", "status = 'unknown'");
        await RefundByHandAsync(system, order);
        await CancelAsync(system, order);
        system.Script!.Script = _ => null;

        await PaymentAsync(system, order, "is refunded", "status = 'refunded'");
        await Eventually.GetAsync("the order shows its refund", () => OrderAsync(system, order), read => StateOf(read) == "refunded");
        var snapshot = await system.AuditAsync();
        Assert.Single(snapshot.Ledger, line => line.IsRefund);
        Assert.Contains(system.Script.Requests, request => request.IsRefund);
    }

    [Fact]
    public async Task A_charge_refunded_by_hand_without_a_cancellation_goes_to_manual_review()
    {
        await using var system = await StartAsync(request => request.IsCharge ? new ScriptedResponse { ForwardedAs = 503 } : Unavailable);
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await PaymentAsync(system, order, "waits for a look-up", "status = 'unknown' AND attempts > 2");
        await RefundByHandAsync(system, order);
        system.Script!.Script = _ => null;

        await PaymentAsync(system, order, "is in review", "status = 'review' AND reason LIKE '%charged and refunded the order%'");
        await Eventually.GetAsync("the order is in manual review",
            () => OrderAsync(system, order), read => read.GetProperty("status").GetString() == "manualReview");
    }

    [Fact]
    public async Task A_rejected_refund_is_visible_in_the_order_the_timeline_the_gauge_and_the_audit()
    {
        await using var system = await StartAsync(request =>
            request.IsRefund ? ScriptedResponse.Of(422, "{}")
            : request.IsCharge ? new ScriptedResponse { ForwardedAs = 503 }
            : Unavailable);
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await PaymentAsync(system, order, "is unknown", "status = 'unknown'");
        await CancelAsync(system, order);
        system.Script!.Script = request => request.IsRefund ? Unavailable : null;

        // A refund without a response is pending.
        await Eventually.GetAsync(
            "the order shows its refund as pending", () => OrderAsync(system, order), read => StateOf(read) == "pending");
        system.Script.Script = request => request.IsRefund ? ScriptedResponse.Of(422, "{}") : null;

        await PaymentAsync(system, order, "is in review", "status = 'review'");
        var answer = await Eventually.GetAsync(
            "the order shows its refund in review", () => OrderAsync(system, order), read => StateOf(read) == "review");
        Assert.Equal("cancelled", answer.GetProperty("status").GetString());
        using var client = new Client(system.ApiAddresses[0]);
        var timeline = await client.Http.GetFromJsonAsync<JsonElement>($"/orders/{order}/timeline");
        Assert.Contains(
            "refund is review", timeline.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("what").GetString()));
        var audit = await client.Http.GetFromJsonAsync<JsonElement>("/ops/audit?grace=0");
        var found = audit.GetProperty("checks").EnumerateArray()
            .Single(check => check.GetProperty("check").GetString() == "the charge of every cancelled order was refunded");
        Assert.Equal(1, found.GetProperty("disagreements").GetInt32());
        await Sql.ExecuteAsync(system.PaymentsDatabase, "UPDATE payments SET cancelled_at = now() - interval '1 hour'");
        await Eventually.BeTrueAsync("the gauge shows the age of the refund", async () =>
            (await ServiceMetrics.ScrapeAsync(system.Workers[0])).Split('\n').Any(line =>
                line.StartsWith("ordersystem_payments_oldest_refund_age_seconds", StringComparison.Ordinal)
                && double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture) > 3_500));
    }

    private static async Task<FaultSystem> StartAsync(Func<ProviderRequest, ScriptedResponse?> script)
    {
        var system = await FaultSystem.StartAsync(
            settings: [.. ServiceMetrics.Settings, ("Payments__ReconcileAfter__0", "00:00:02"), ("Payments__TotalTimeout", "00:00:02")]);
        system.Script = new(() => system.Gateway.Address) { Script = script };
        return system;
    }

    private static Task PaymentAsync(FaultSystem system, Guid order, string expectation, string condition) => Eventually.GetAsync(
        $"the payment {expectation}", async () => (
            Holds: await Sql.ScalarAsync<long>(
                system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE order_id = '{order}' AND {condition}") == 1,
            Payment: await Sql.ScalarAsync<string>(system.PaymentsDatabase, $"SELECT p::text FROM payments p WHERE order_id = '{order}'")),
        answer => answer.Holds, TimeSpan.FromSeconds(60));

    private static async Task CancelAsync(FaultSystem system, Guid order)
    {
        using var client = new Client(system.ApiAddresses[0]);
        (await client.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), null)).EnsureSuccessStatusCode().Dispose();
    }

    private static async Task<JsonElement> OrderAsync(FaultSystem system, Guid order)
    {
        using var client = new Client(system.ApiAddresses[0]);
        return await client.GetAsync(order);
    }

    private static string? StateOf(JsonElement order) =>
        order.TryGetProperty("refund", out var refund) ? refund.GetProperty("state").GetString() : null;

    private static async Task RefundByHandAsync(FaultSystem system, Guid order)
    {
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        var charge = (await provider.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}"))[0];
        using var request = new HttpRequestMessage(HttpMethod.Post, "/refunds")
        {
            Content = JsonContent.Create(
                new { chargeId = charge.GetProperty("id").GetString(), amount = charge.GetProperty("amount").GetDecimal() }),
            Headers = { { "Idempotency-Key", "by-hand" } },
        };
        (await provider.SendAsync(request)).EnsureSuccessStatusCode().Dispose();
    }
}
