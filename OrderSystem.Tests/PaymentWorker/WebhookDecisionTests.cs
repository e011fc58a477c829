using OrderSystem.PaymentWorker.Payments;
using OrderSystem.PaymentWorker.Webhooks;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>What a webhook means for each status of its payment.</summary>
[Fast]
public sealed class WebhookDecisionTests
{
    [Theory]
    [InlineData("charging", "Succeeds", "Declines")]
    [InlineData("unknown", "Succeeds", "Declines")]
    [InlineData("processing", "Succeeds", "Declines")]
    [InlineData("review", "Succeeds", "Declines")]
    [InlineData("review after the charge", "Confirms", "Contradicts")]
    [InlineData("succeeded", "Confirms", "Contradicts")]
    [InlineData("refunding", "Confirms", "Contradicts")]
    [InlineData("refunded", "Confirms", "Contradicts")]
    [InlineData("declined", "Contradicts", "Confirms")]
    [InlineData("cancelled", "Contradicts", "Confirms")]
    public void A_webhook_ends_an_open_payment_and_confirms_or_contradicts_a_final_one(string status, string success, string decline)
    {
        var payment = Payment(status);
        Assert.Equal(
            [success, decline, "Confirms"],
            new[] { WebhookClaim.Succeeded, WebhookClaim.Declined, WebhookClaim.Processing }
                .Select(claim => About(Claim(claim), payment).Verdict.ToString()));
    }

    [Fact]
    public void Every_status_has_a_decision() => Assert.All(
        Enum.GetValues<PaymentStatus>(), status => Assert.All(
            Enum.GetValues<WebhookClaim>(), claim => Assert.True(Enum.IsDefined(About(Claim(claim), Payment(status.ToName())).Verdict))));

    [Theory]
    [InlineData("processing")]
    [InlineData("succeeded")]
    public void Another_amount_or_currency_contradicts(string status)
    {
        Assert.Equal(WebhookVerdict.Contradicts, About(Claim(WebhookClaim.Succeeded) with { Amount = 2 }, Payment(status)).Verdict);
        Assert.Equal(WebhookVerdict.Contradicts, About(Claim(WebhookClaim.Succeeded) with { Currency = "USD" }, Payment(status)).Verdict);
    }

    [Fact]
    public void Another_charge_of_a_paid_order_contradicts() => Assert.Equal(
        WebhookVerdict.Contradicts, About(Claim(WebhookClaim.Succeeded) with { Reference = "ch_2" }, Payment("succeeded")).Verdict);

    [Fact]
    public void A_success_without_its_charge_can_never_be_applied() => Assert.Equal(
        WebhookVerdict.Fails, About(Claim(WebhookClaim.Succeeded) with { Reference = null }, Payment("processing")).Verdict);

    [Theory]
    [InlineData("00:00:00", "Waits")]
    [InlineData("2.23:59:59", "Waits")]
    [InlineData("3.00:00:00", "Fails")]
    public void A_webhook_waits_three_days_for_its_payment(string age, string verdict) => Assert.Equal(
        verdict,
        WebhookDecision.About(new(
            Claim(WebhookClaim.Succeeded), 1, TimeSpan.Parse(age, System.Globalization.CultureInfo.InvariantCulture), null, null))
            .Verdict.ToString());

    /// <summary>A cancellation that came first has made the payment, without an amount.</summary>
    [Fact]
    public void The_amount_of_the_webhook_completes_a_payment_that_has_none()
    {
        var payment = Payment("unknown") with { Amount = null, Currency = null };
        Assert.Equal(WebhookVerdict.Succeeds, About(Claim(WebhookClaim.Succeeded), payment).Verdict);
        Assert.Equal(WebhookVerdict.Confirms, About(Claim(WebhookClaim.Declined) with { Amount = null }, payment).Verdict);
    }

    private static WebhookDecision About(WebhookEvent claim, KnownPayment payment) =>
        WebhookDecision.About(new(claim, 1, TimeSpan.Zero, payment, TraceParent: null));

    private static WebhookEvent Claim(WebhookClaim claim) =>
        new("http", "msg_1", "charge", claim, Guid.NewGuid(), "ch_1", 1, "EUR", "card_declined");

    private static KnownPayment Payment(string status)
    {
        var parsed = PaymentStatuses.Parse(status.Split(' ')[0]);
        var wasCharged = status.Contains("charge ", StringComparison.Ordinal) || status.EndsWith("the charge", StringComparison.Ordinal)
            || parsed is PaymentStatus.Succeeded or PaymentStatus.Refunding or PaymentStatus.Refunded;
        return new(Guid.NewGuid(), parsed, 1, "EUR", wasCharged || parsed == PaymentStatus.Processing ? "ch_1" : null, wasCharged);
    }
}
