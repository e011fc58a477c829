using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops.Payments;

/// <summary>A requery applies what the look-up establishes and reports what it cannot establish. Open payments can be listed.</summary>
[Collection(PaymentReviews.Name)]
public sealed class RequeryTests(PaymentReviewSystem reviewed)
{
    [Fact]
    public async Task A_charge_found_by_the_requery_pays_the_order()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        var report = await RequeriedAsync(order);
        Assert.True(report.GetProperty("changed").GetBoolean());
        Assert.Contains(await reviewed.ChargeAsync(order), report.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await reviewed.Api.WaitForAsync(order, "paid");
        Assert.StartsWith(
            "payment requery by sub=tests client=tests", Assert.Single(await reviewed.TimelineAsync(order)).What, StringComparison.Ordinal);
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    [Fact]
    public async Task A_refunded_charge_cancels_the_order()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        await reviewed.RefundByHandAsync(order);
        Assert.Equal("refunded", (await RequeriedAsync(order)).GetProperty("status").GetString());
        await reviewed.Api.WaitForAsync(order, "cancelled");
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    [Fact]
    public async Task A_declined_charge_fails_the_order()
    {
        var order = await reviewed.InReviewAsync(wasCharged: false);
        reviewed.Provider.Script = _ => ScriptedResponse.Of(200, """[{"id":"ch_1","status":"declined","reason":"insufficient funds"}]""");
        Assert.Equal("declined", (await RequeriedAsync(order)).GetProperty("status").GetString());
        Assert.Equal("insufficient funds", (await reviewed.Api.WaitForAsync(order, "paymentFailed")).GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData(503, "{}", "could not be asked")]
    [InlineData(401, "{}", "could not be asked")]
    [InlineData(200, "[]", "has no charge")]
    [InlineData(200, """[{"id":"ch_1","status":"succeeded","amount":1.00,"currency":"EUR","refundedAt":null}]""", "has charged 1.00 EUR")]
    public async Task An_inconclusive_look_up_changes_nothing_and_is_reported_and_recorded(int status, string body, string expected)
    {
        var order = await reviewed.InReviewAsync(wasCharged: false);
        reviewed.Provider.Script = _ => ScriptedResponse.Of(status, body);
        var report = await RequeriedAsync(order);
        Assert.False(report.GetProperty("changed").GetBoolean());
        Assert.Equal("review", report.GetProperty("status").GetString());
        Assert.Contains(expected, report.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Single(await reviewed.TimelineAsync(order)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manual_refund_ends_the_review()
    {
        var order = await reviewed.WithRefusedRefundAsync();
        Assert.False((await RequeriedAsync(order)).GetProperty("changed").GetBoolean());
        await reviewed.RefundByHandAsync(order);
        Assert.Equal("refunded", (await RequeriedAsync(order)).GetProperty("status").GetString());
        await Eventually.GetAsync("the order shows its refund",
            () => reviewed.Api.GetAsync(order), answer => answer.GetProperty("refund").GetProperty("state").GetString() == "refunded");
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    [Fact]
    public async Task An_unknown_payment_can_be_requeried_before_its_schedule_but_not_resolved()
    {
        reviewed.Provider.Script = request =>
            request.IsCharge ? new ScriptedResponse { ForwardedAs = 503 } : PaymentReviewSystem.Unavailable;
        var order = await reviewed.Api.PlaceAsync();
        await reviewed.PaymentAsync(order, "status = 'unknown' AND lease_until > now() + interval '5 minutes'");
        reviewed.Provider.Script = _ => null;

        var (status, why) = await reviewed.RefusedAsync(order, new { @as = "failed", reason = "no", force = true });
        Assert.Equal("unknown", status);
        Assert.Contains("requery", why, StringComparison.Ordinal);
        Assert.True((await RequeriedAsync(order)).GetProperty("changed").GetBoolean());
        await reviewed.Api.WaitForAsync(order, "paid");
        Assert.False((await RequeriedAsync(order)).GetProperty("changed").GetBoolean());
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    /// <summary>The worker's scheduled look-up coincides with the operator's: both are answered at the same time.</summary>
    [Fact]
    public async Task Of_a_concurrent_requery_and_reconciliation_only_one_decides()
    {
        reviewed.Provider.Script = request =>
            request.IsCharge ? new ScriptedResponse { ForwardedAs = 503 } : PaymentReviewSystem.Unavailable;
        var order = await reviewed.Api.PlaceAsync();
        await reviewed.PaymentAsync(order, "status = 'unknown' AND lease_until > now() + interval '5 minutes'");
        using var both = new CountdownEvent(2);
        reviewed.Provider.Script = _ =>
        {
            both.Signal();
            both.Wait(TimeSpan.FromSeconds(10));
            return null;
        };

        var requery = Task.Run(() => reviewed.RequeryAsync(order));
        await Sql.ExecuteAsync(
            reviewed.System.PaymentsDatabase,
            $"UPDATE payments SET lease_until = now(), updated_at = now() - interval '6 seconds' WHERE order_id = '{order}'");
        (await requery).EnsureSuccessStatusCode().Dispose();
        Assert.True(both.IsSet, "the worker and the operator have both looked up the charge");
        reviewed.Provider.Script = _ => null;

        await reviewed.Api.WaitForAsync(order, "paid");
        await reviewed.PaymentAsync(order, "status = 'succeeded'");
        Assert.Equal(1L, await Sql.ScalarAsync<long>(
            reviewed.System.PaymentsDatabase, $"SELECT count(*) FROM events WHERE order_id = '{order}'"));
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    [Fact]
    public async Task Open_payments_are_listed_by_status_and_age_and_shown_by_payment_or_order_id()
    {
        var order = await reviewed.InReviewAsync(wasCharged: false);
        using var worker = Tokens.Http(reviewed.System.Worker.Address);

        Assert.DoesNotContain(order, await ListAsync("status=review&olderThan=30m&limit=1000"));
        await reviewed.MakeOldAsync(order);
        Assert.Contains(order, await ListAsync("status=review&olderThan=30m&limit=1000"));
        Assert.Contains(order, await ListAsync("limit=1000"));
        Assert.DoesNotContain(order, await ListAsync("status=unknown&limit=1000"));
        var one = await worker.GetFromJsonAsync<JsonElement>("/ops/payments?limit=1");
        Assert.Equal(1, one.GetProperty("items").GetArrayLength());

        var shown = await worker.GetFromJsonAsync<JsonElement>($"/ops/payments/{order}");
        var payment = shown.GetProperty("payment").GetProperty("id").GetGuid();
        Assert.Equal(order, (await worker.GetFromJsonAsync<JsonElement>($"/ops/payments/{payment}")).GetProperty("orderId").GetGuid());
        await Eventually.BeTrueAsync("the gauge shows the age of the review", async () =>
            (await ServiceMetrics.ScrapeAsync(reviewed.System.Worker)).Split('\n').Any(line =>
                line.StartsWith("ordersystem_payments_review_oldest_seconds", StringComparison.Ordinal)
                && double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture) > 3_500));

        async Task<IEnumerable<Guid>> ListAsync(string query) =>
            (await worker.GetFromJsonAsync<JsonElement>($"/ops/payments?{query}")).GetProperty("items").EnumerateArray()
                .Select(item => item.GetProperty("orderId").GetGuid()).ToList();
    }

    [Theory]
    [InlineData("GET", "?status=paid", 400)]
    [InlineData("GET", "?olderThan=15", 400)]
    [InlineData("GET", "?olderThan=-1m", 400)]
    [InlineData("GET", "?olderThan=99999999999d", 400)]
    [InlineData("GET", "?limit=0", 400)]
    [InlineData("GET", "/x", 404)]
    [InlineData("POST", "/00000000-0000-0000-0000-000000000001/requery", 404)]
    public async Task Invalid_requests_get_a_client_error(string method, string path, int status)
    {
        using var worker = Tokens.Http(reviewed.System.Worker.Address);
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/ops/payments{path}");
        using var answer = await worker.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    private async Task<JsonElement> RequeriedAsync(Guid order)
    {
        using var answer = await reviewed.RequeryAsync(order);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
