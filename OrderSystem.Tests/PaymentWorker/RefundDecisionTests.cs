using OrderSystem.Messaging.Contracts;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.PaymentWorker.Webhooks;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>What a webhook about a refund or a chargeback means for each status of its payment and of its refund.</summary>
[Fast]
public sealed class RefundDecisionTests
{
    private static readonly Guid Order = Guid.NewGuid();
    private static readonly Guid Refund = Guid.NewGuid();

    [Theory]
    [InlineData("pending", "Refunds", "RefundFails")]
    [InlineData("review", "Refunds", "RefundFails")]
    [InlineData("succeeded", "Confirms", "Contradicts")]
    [InlineData("failed", "Contradicts", "Confirms")]
    public void A_webhook_ends_an_open_refund_and_confirms_or_contradicts_one_that_has_ended(string status, string success, string failure)
    {
        var refund = Known(status);
        Assert.Equal(success, About(Claim(WebhookClaim.Refunded), Payment("succeeded"), refund));
        Assert.Equal(failure, About(Claim(WebhookClaim.RefundFailed), Payment("succeeded"), refund));
    }

    [Theory]
    [InlineData("charging", "Waits", "Waits", "Confirms")]
    [InlineData("unknown", "Waits", "Waits", "Confirms")]
    [InlineData("processing", "Waits", "Waits", "Confirms")]
    [InlineData("succeeded", "Refunds", "Refunds", "Confirms")]
    [InlineData("review", "Waits", "Contradicts", "Confirms")]
    [InlineData("refunding", "Contradicts", "Contradicts", "Confirms")]
    [InlineData("refunded", "Contradicts", "Contradicts", "Contradicts")]
    [InlineData("declined", "Contradicts", "Contradicts", "Confirms")]
    [InlineData("cancelled", "Contradicts", "Contradicts", "Confirms")]
    public void What_was_given_back_at_the_provider_is_told_of_a_paid_order_only(
        string status, string refunded, string chargedBack, string failed)
    {
        Assert.Equal(refunded, About(Claim(WebhookClaim.Refunded), Payment(status)));
        Assert.Equal(chargedBack, About(Claim(WebhookClaim.Chargeback), Payment(status)));
        Assert.Equal(failed, About(Claim(WebhookClaim.RefundFailed), Payment(status)));
    }

    /// <summary>The answer to the call records it.</summary>
    [Theory]
    [InlineData("refunding")]
    [InlineData("refunded")]
    public void The_refund_of_a_cancelled_order_is_confirmed(string status) =>
        Assert.Equal("Confirms", About(Claim(WebhookClaim.Refunded) with { Amount = 10 }, Payment(status)));

    [Fact]
    public void Only_a_chargeback_may_exceed_what_is_left_of_the_charge()
    {
        var payment = Payment("succeeded") with { RefundedTotal = 6 };
        Assert.Equal("Refunds", About(Claim(WebhookClaim.Refunded), payment));
        Assert.Equal("Contradicts", About(Claim(WebhookClaim.Refunded) with { Amount = 5 }, payment));
        Assert.Equal("Refunds", About(Claim(WebhookClaim.Chargeback) with { Amount = 10 }, payment));
    }

    [Fact]
    public void Another_amount_currency_charge_or_refund_contradicts()
    {
        var (claim, refund) = (Claim(WebhookClaim.Refunded), Known("pending"));
        Assert.Equal("Contradicts", About(claim with { Amount = 5 }, Payment("succeeded"), refund));
        Assert.Equal("Contradicts", About(claim with { Currency = "USD" }, Payment("succeeded"), refund));
        Assert.Equal("Contradicts", About(claim with { Charge = "ch_2" }, Payment("succeeded"), refund));
        Assert.Equal("Contradicts", About(claim with { Reference = "re_2" }, Payment("succeeded"), Known("succeeded")));
        Assert.Equal("Contradicts", About(claim, Payment("succeeded"), refund with { OrderId = Guid.NewGuid() }));
        Assert.Equal("Contradicts", About(claim with { Currency = "USD" }, Payment("succeeded")));
    }

    /// <summary>The provider repeats our id, so that the refund is ours, and a restore has lost it: its event comes again.</summary>
    [Theory]
    [InlineData("00:00:00", "Waits")]
    [InlineData("3.00:00:00", "Fails")]
    public void A_webhook_waits_three_days_for_its_refund_or_payment(string age, string verdict)
    {
        var since = TimeSpan.Parse(age, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(verdict, About(Claim(WebhookClaim.Refunded) with { RefundId = Refund }, Payment("succeeded"), age: since));
        Assert.Equal(verdict, About(Claim(WebhookClaim.Refunded), payment: null, age: since));
        Assert.Equal(verdict, About(Claim(WebhookClaim.Chargeback), payment: null, age: since));
    }

    [Fact]
    public void What_is_not_named_can_never_be_applied() => Assert.All(
        new[]
        {
            Claim(WebhookClaim.Refunded) with { Reference = null }, Claim(WebhookClaim.Refunded) with { Charge = null },
            Claim(WebhookClaim.Refunded) with { Amount = null }, Claim(WebhookClaim.Refunded) with { Amount = 0 },
            Claim(WebhookClaim.Refunded) with { Currency = null },
        },
        claim => Assert.Equal("Fails", About(claim, Payment("succeeded"))));

    [Fact]
    public void The_id_of_a_refund_that_was_made_at_the_provider_is_derived_from_its_reference()
    {
        var claim = Claim(WebhookClaim.Refunded);
        Assert.Equal(RefundDecision.IdOf(claim), RefundDecision.IdOf(claim with { EventId = "msg_2" }));
        Assert.NotEqual(RefundDecision.IdOf(claim), RefundDecision.IdOf(claim with { Reference = "re_2" }));
        Assert.NotEqual(RefundDecision.IdOf(claim), RefundDecision.IdOf(claim with { Provider = "stripe" }));
    }

    private static string About(WebhookEvent claim, KnownPayment? payment, KnownRefund? refund = null, TimeSpan age = default) =>
        WebhookDecision.About(new(claim, 1, age, payment, TraceParent: null) { Refund = refund }).Verdict.ToString();

    private static WebhookEvent Claim(WebhookClaim claim) =>
        new("http", "msg_1", "refund", claim, OrderId: null, "re_1", 4, "EUR", "fraudulent") { Charge = "ch_1" };

    private static KnownRefund Known(string status) => new(
        Refund, Order, RefundNames.ParseStatus(status), RefundSource.Request, 4, "EUR", status == "succeeded" ? "re_1" : null, null);

    private static KnownPayment Payment(string status)
    {
        var parsed = PaymentStatuses.Parse(status);
        return new(Guid.NewGuid(), parsed, 10, "EUR", parsed == PaymentStatus.Charging ? null : "ch_1", WasCharged: true)
        {
            OrderId = Order,
        };
    }
}
