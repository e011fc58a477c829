using System.Globalization;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>
/// What to do with a webhook about a refund or a chargeback. It ends an open refund of ours, confirms one that has ended so, reports one
/// that was made at the provider, or contradicts what is known here, which an operator has to see.
/// </summary>
internal static class RefundDecision
{
    /// <summary>The id of a refund that was made at the provider: the same however often it is reported.</summary>
    internal static Guid IdOf(WebhookEvent claim) => NameBasedUuid.Of($"ordersystem/refund/1/{claim.Provider}/{claim.Reference}");

    internal static WebhookDecision About(DueWebhook webhook)
    {
        var (claim, payment, refund) = (webhook.Event, webhook.Payment, webhook.Refund);
        if (claim.Reference is null || claim.Charge is null || claim.Amount is not > 0 || claim.Currency is null)
            return new(WebhookVerdict.Fails, "it does not name the refund, its charge, its amount and its currency");
        if (payment is null)
            return Wait(webhook, "there is no payment of this charge yet");
        if (payment.Reference is { } charge && charge != claim.Charge)
            return WebhookDecision.Contradiction(
                $"it reports that {claim.Charge} was refunded by {claim.Reference}, the charge of the payment is {charge}");
        if (refund is not null)
            return OfKnown(claim, refund, payment);
        return claim switch
        {
            { Claim: WebhookClaim.RefundFailed } => OfUnknownFailure(claim, payment),
            { RefundId: not null } => Wait(webhook, "the refund is not known here yet"),
            _ => OfProvider(webhook, payment),
        };
    }

    private static WebhookDecision OfKnown(WebhookEvent claim, KnownRefund refund, KnownPayment payment)
    {
        var isFailure = claim.Claim == WebhookClaim.RefundFailed;
        var isSame = refund.OrderId == payment.OrderId && (refund.Amount, refund.Currency) == (claim.Amount, claim.Currency)
            && (refund.Reference is null || refund.Reference == claim.Reference);
        return refund.Status switch
        {
            RefundStatus.Pending or RefundStatus.Review when isSame =>
                new(isFailure ? WebhookVerdict.RefundFails : WebhookVerdict.Refunds, null),
            RefundStatus.Succeeded when isSame && !isFailure => new(WebhookVerdict.Confirms, null),
            RefundStatus.Failed when isFailure => new(WebhookVerdict.Confirms, null),
            _ => WebhookDecision.Contradiction(
                $"{Claimed(claim)}, the refund of {refund.Amount} {refund.Currency} is {refund.Status.ToName()} ({refund.Reference})"),
        };
    }

    /// <summary>Of a refund that was made at the provider and is not known here, or of that of a cancelled order.</summary>
    private static WebhookDecision OfUnknownFailure(WebhookEvent claim, KnownPayment payment) => payment.Status == PaymentStatus.Refunded
        ? WebhookDecision.Contradiction($"it reports that refund {claim.Reference} failed, the payment is {payment.Status.ToName()}")
        : new(WebhookVerdict.Confirms, "nothing was refunded by it");

    /// <summary>The refund of a cancelled order is recorded by the answer to its call.</summary>
    private static WebhookDecision OfProvider(DueWebhook webhook, KnownPayment payment)
    {
        var claim = webhook.Event;
        var isChargeback = claim.Claim == WebhookClaim.Chargeback;
        return payment.Status switch
        {
            PaymentStatus.Succeeded when claim.Currency == payment.Currency
                && (isChargeback || payment.RefundedTotal + claim.Amount <= payment.Amount) => new(WebhookVerdict.Refunds, null),
            PaymentStatus.Charging or PaymentStatus.Unknown or PaymentStatus.Processing =>
                Wait(webhook, "the payment has no outcome here yet"),
            PaymentStatus.Refunding or PaymentStatus.Refunded
                when !isChargeback && (claim.Amount, claim.Currency) == (payment.Amount - payment.RefundedTotal, payment.Currency) =>
                new(WebhookVerdict.Confirms, "the order is cancelled and its charge refunded"),
            PaymentStatus.Review when !isChargeback => Wait(webhook, "the payment is in manual review"),
            _ => WebhookDecision.Contradiction(
                $"{Claimed(claim)}, the payment of {payment.Amount} is {payment.Status.ToName()}, {payment.RefundedTotal} of it refunded"),
        };
    }

    private static WebhookDecision Wait(DueWebhook webhook, string why) => webhook.Age >= WebhookDecision.MaxWaitForPayment
        ? new(WebhookVerdict.Fails, $"{why}, for three days")
        : new(WebhookVerdict.Waits, why);

    private static string Claimed(WebhookEvent claim)
    {
        var what = claim.Claim switch
        {
            WebhookClaim.Chargeback => "charged back",
            WebhookClaim.RefundFailed => "failed",
            _ => "refunded",
        };
        return string.Create(
            CultureInfo.InvariantCulture, $"it reports {claim.Reference} of {claim.Amount} {claim.Currency} as {what}");
    }
}
