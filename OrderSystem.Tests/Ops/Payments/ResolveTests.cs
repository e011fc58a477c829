using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops.Payments;

/// <summary>An operator decides the outcome of a payment in manual review. The order then continues like any other.</summary>
[Collection(PaymentReviews.Name)]
public sealed class ResolveTests(PaymentReviewSystem reviewed)
{
    private string PaymentsDatabase => reviewed.System.PaymentsDatabase;

    [Fact]
    public async Task A_charged_review_is_resolved_as_succeeded_and_the_order_is_paid()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        var report = await reviewed.ResolvedAsync(
            order, new { @as = "succeeded", reference = await reviewed.ChargeAsync(order), reason = "seen in the provider's console" });

        Assert.Equal("succeeded", report.GetProperty("status").GetString());
        await reviewed.Api.WaitForAsync(order, "paid");
        Assert.Empty(await reviewed.DisagreementsAsync(order));
        var (what, detail) = Assert.Single(await reviewed.TimelineAsync(order));
        Assert.Equal("payment resolve by sub=tests client=tests", what);
        Assert.Contains("seen in the provider's console", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_uncharged_review_is_resolved_as_failed_once_no_charge_can_be_in_flight()
    {
        var order = await reviewed.InReviewAsync(wasCharged: false);
        var request = new { @as = "failed", reason = "the card was blocked" };

        var (status, why) = await reviewed.RefusedAsync(order, request);
        Assert.Equal("review", status);
        Assert.Contains("does not confirm", why, StringComparison.Ordinal);
        await reviewed.MakeOldAsync(order);
        Assert.Equal("declined", (await reviewed.ResolvedAsync(order, request)).GetProperty("status").GetString());

        var failed = await reviewed.Api.WaitForAsync(order, "paymentFailed");
        Assert.Equal("the card was blocked", failed.GetProperty("reason").GetString());
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    [Fact]
    public async Task A_refunded_review_is_resolved_as_refunded_and_the_order_is_cancelled()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        var refund = await reviewed.RefundByHandAsync(order);
        await reviewed.ResolvedAsync(order, new { @as = "refunded", reference = refund, reason = "refunded by hand" });

        var cancelled = await reviewed.Api.WaitForAsync(order, "cancelled");
        Assert.Equal("refunded", cancelled.GetProperty("refund").GetProperty("state").GetString());
        Assert.Equal(
            refund, await Sql.ScalarAsync<string>(PaymentsDatabase, $"SELECT refund_reference FROM payments WHERE order_id = '{order}'"));
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    [Fact]
    public async Task A_cancelled_order_resolved_as_succeeded_is_refunded()
    {
        var order = await reviewed.CancelledInReviewAsync(wasCharged: true);
        var report = await reviewed.ResolvedAsync(
            order, new { @as = "succeeded", reference = await reviewed.ChargeAsync(order), reason = "charged after all" });

        Assert.Equal("refunding", report.GetProperty("status").GetString());
        await reviewed.PaymentAsync(order, "status = 'refunded'");
        await Eventually.GetAsync("the order shows its refund",
            () => reviewed.Api.GetAsync(order), answer => answer.GetProperty("refund").GetProperty("state").GetString() == "refunded");
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    /// <summary>A payment has no amount when its cancellation arrived first.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_order_resolved_as_failed_has_no_refund(bool amountIsKnown)
    {
        var order = await reviewed.CancelledInReviewAsync(wasCharged: false);
        await Eventually.GetAsync(
            "the order shows the refund in review", () => reviewed.Api.GetAsync(order), answer => answer.TryGetProperty("refund", out _));
        if (!amountIsKnown)
            await Sql.ExecuteAsync(PaymentsDatabase, $"UPDATE payments SET amount = NULL, currency = NULL WHERE order_id = '{order}'");
        await reviewed.MakeOldAsync(order);
        await reviewed.ResolvedAsync(order, new { @as = "failed", reason = "never charged" });

        var cancelled = await Eventually.GetAsync(
            "the order shows no refund", () => reviewed.Api.GetAsync(order), answer => !answer.TryGetProperty("refund", out _));
        Assert.Equal("cancelled", cancelled.GetProperty("status").GetString());
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    [Fact]
    public async Task A_rejected_refund_cannot_be_resolved_as_failed_and_is_retried_when_resolved_as_succeeded()
    {
        var order = await reviewed.WithRefusedRefundAsync();
        await reviewed.MakeOldAsync(order);
        Assert.Contains("was charged",
            (await reviewed.RefusedAsync(order, new { @as = "failed", reason = "no", force = true })).Detail, StringComparison.Ordinal);

        await reviewed.ResolvedAsync(order,
            new { @as = "succeeded", reference = await reviewed.ChargeAsync(order), reason = "the provider's balance is there again" });
        await reviewed.PaymentAsync(order, "status = 'refunded'");
        await Eventually.GetAsync("the order shows its refund",
            () => reviewed.Api.GetAsync(order), answer => answer.GetProperty("refund").GetProperty("state").GetString() == "refunded");
        Assert.Empty(await reviewed.DisagreementsAsync(order));
    }

    [Fact]
    public async Task A_decision_that_the_provider_contradicts_is_rejected_even_with_force()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        await reviewed.MakeOldAsync(order);
        foreach (var force in new[] { false, true })
        {
            Assert.Contains("contradicts",
                (await reviewed.RefusedAsync(order, new { @as = "failed", reason = "no", force })).Detail, StringComparison.Ordinal);
            Assert.Contains(
                "contradicts",
                (await reviewed.RefusedAsync(order, new { @as = "succeeded", reference = "ch_other", reason = "no", force })).Detail,
                StringComparison.Ordinal);
            Assert.Contains(
                "contradicts",
                (await reviewed.RefusedAsync(order, new { @as = "refunded", reference = "re_1", reason = "no", force })).Detail,
                StringComparison.Ordinal);
        }

        Assert.Equal("review", await Sql.ScalarAsync<string>(PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{order}'"));
    }

    [Fact]
    public async Task With_an_unavailable_provider_only_force_resolves_and_the_record_says_forced()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        var request = new { @as = "succeeded", reference = await reviewed.ChargeAsync(order), reason = "told by phone", force = false };
        reviewed.Provider.Script = _ => PaymentReviewSystem.Unavailable;

        Assert.Contains("could not be asked", (await reviewed.RefusedAsync(order, request)).Detail, StringComparison.Ordinal);
        Assert.Contains(
            "could not be asked",
            (await reviewed.ResolvedAsync(order, request with { force = true })).GetProperty("detail").GetString(),
            StringComparison.Ordinal);
        await reviewed.Api.WaitForAsync(order, "paid");
        Assert.Contains("forced", Assert.Single(await reviewed.TimelineAsync(order)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payment_can_be_resolved_only_once()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        var request = new { @as = "succeeded", reference = await reviewed.ChargeAsync(order), reason = "charged" };
        await reviewed.ResolvedAsync(order, request);
        Assert.Equal("succeeded", (await reviewed.RefusedAsync(order, request)).Status);
        Assert.Equal(1L, await Sql.ScalarAsync<long>(
            PaymentsDatabase, $"SELECT count(*) FROM events WHERE order_id = '{order}' AND type = 'payments.succeeded.v1'"));
    }

    /// <summary>Both look up the charge before either of them decides.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_concurrent_decisions_only_one_takes_effect(bool otherRequeries)
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        var charge = await reviewed.ChargeAsync(order);
        using var both = new CountdownEvent(2);
        reviewed.Provider.Script = _ =>
        {
            both.Signal();
            both.Wait(TimeSpan.FromSeconds(10));
            return null;
        };

        var request = new { @as = "succeeded", reference = charge, reason = "charged" };
        var answers = await Task.WhenAll(
            Task.Run(() => reviewed.ResolveAsync(order, request)),
            Task.Run(() => otherRequeries ? reviewed.RequeryAsync(order) : reviewed.ResolveAsync(order, request)));
        reviewed.Provider.Script = _ => null;

        var changed = 0;
        foreach (var answer in answers)
        {
            using (answer)
                changed += answer.IsSuccessStatusCode
                    && (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("changed").GetBoolean() ? 1 : 0;
        }

        Assert.Equal(1, changed);
        Assert.Equal(1L, await Sql.ScalarAsync<long>(
            PaymentsDatabase, $"SELECT count(*) FROM events WHERE order_id = '{order}' AND type = 'payments.succeeded.v1'"));
        Assert.Equal(1L, await Sql.ScalarAsync<long>(
            PaymentsDatabase, $"SELECT count(*) FROM operator_actions WHERE order_id = '{order}'"));
        await reviewed.Api.WaitForAsync(order, "paid");
    }

    [Fact]
    public async Task A_resolution_records_the_identity_of_the_token_whatever_the_header_claims()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        using var answer = await reviewed.ResolveAsync(
            order, new { @as = "succeeded", reference = await reviewed.ChargeAsync(order), reason = "charged" },
            Tokens.Of("console", "orders.ops", subject: "mallory"), note: "sub=ada client=tests");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        Assert.Equal(
            "payment resolve by sub=mallory client=console note=\"sub=ada client=tests\"",
            Assert.Single(await reviewed.TimelineAsync(order)).What);
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => Sql.ExecuteAsync(PaymentsDatabase, "UPDATE operator_actions SET by = 'ada'"));
        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"as":"paid","reason":"x"}""", 400, "as")]
    [InlineData("""{"as":"succeeded","reason":"x"}""", 400, "reference")]
    [InlineData("""{"as":"succeeded","reason":"x","reference":"a\u0000b"}""", 400, "reference")]
    [InlineData("""{"as":"failed","reason":""}""", 400, "reason")]
    [InlineData("""{"as":"failed","reason":"two\nlines"}""", 400, "reason")]
    [InlineData("""{"as":"failed"}""", 400, "reason")]
    [InlineData("""{"as":"failed","reason":null}""", 400, "reason")]
    [InlineData("""{"as":"failed","reason":"x","by":"ada"}""", 400, "by")]
    [InlineData("""{"as":"failed","reason":"x"}""", 404, "No payment")]
    public async Task Invalid_requests_get_a_client_error_that_names_what_is_wrong(string body, int status, string expected)
    {
        using var worker = Tokens.Http(reviewed.System.Worker.Address);
        using var answer = await worker.PostAsync(
            $"/ops/payments/{Guid.NewGuid()}/resolve", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(expected, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
