using System.Globalization;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>What to do with a webhook.</summary>
/// <param name="Verdict">The decision.</param>
/// <param name="Detail">Why.</param>
internal readonly record struct WebhookDecision(WebhookVerdict Verdict, string? Detail)
{
    /// <summary>How long a webhook waits in the inbox for the payment of its order: as long as providers retry a delivery.</summary>
    internal static readonly TimeSpan MaxWaitForPayment = TimeSpan.FromDays(3);

    /// <summary>
    /// A webhook is a hint: the state that it claims is compared with the payment's. It is an outcome for an open payment, confirms a
    /// payment that is final, or contradicts one, which an operator has to see and which changes nothing.
    /// </summary>
    internal static WebhookDecision About(DueWebhook webhook) => (webhook.Event, webhook.Payment) switch
    {
        ({ IsAboutRefund: true }, _) => RefundDecision.About(webhook),
        ({ Claim: WebhookClaim.Processing }, _) => new(WebhookVerdict.Confirms, "the provider is processing the charge"),
        (_, null) when webhook.Age >= MaxWaitForPayment => new(WebhookVerdict.Fails, "there is no payment of this order"),
        (_, null) => new(WebhookVerdict.Waits, "there is no payment of this order yet"),
        ({ Claim: WebhookClaim.Succeeded } claim, { } payment) => Success(claim, payment),
        ({ Claim: WebhookClaim.Declined } claim, { } payment) => Decline(claim, payment),
        _ => new(WebhookVerdict.Fails, "it claims nothing that can be applied"),
    };

    private static WebhookDecision Success(WebhookEvent claim, KnownPayment payment)
    {
        if (claim.Reference is null || claim.Amount is null || claim.Currency is null)
            return new(WebhookVerdict.Fails, "it does not name the charge, its amount and its currency");
        if (payment is { Amount: { } amount, Currency: { } currency } && (amount, currency) != (claim.Amount, claim.Currency))
            return Contradiction(
                $"it reports a charge of {claim.Amount} {claim.Currency}, the payment of {amount} {currency} is {payment.Status.ToName()}");
        return payment.Status switch
        {
            PaymentStatus.Charging or PaymentStatus.Unknown or PaymentStatus.Processing => new(WebhookVerdict.Succeeds, null),
            PaymentStatus.Review when !payment.WasCharged => new(WebhookVerdict.Succeeds, null),
            PaymentStatus.Succeeded or PaymentStatus.Refunding or PaymentStatus.Refunded or PaymentStatus.Review
                when payment.Reference is null || payment.Reference == claim.Reference => new(WebhookVerdict.Confirms, null),
            _ => Contradiction(
                $"it reports that {claim.Reference} succeeded, the payment is {payment.Status.ToName()} ({payment.Reference ?? "none"})"),
        };
    }

    private static WebhookDecision Decline(WebhookEvent claim, KnownPayment payment) => payment.Status switch
    {
        PaymentStatus.Declined or PaymentStatus.Cancelled => new(WebhookVerdict.Confirms, null),
        PaymentStatus.Charging or PaymentStatus.Unknown or PaymentStatus.Processing or PaymentStatus.Review when !payment.WasCharged =>
            (payment.Amount ?? claim.Amount, payment.Currency ?? claim.Currency) is ({ }, { })
                ? new(WebhookVerdict.Declines, null)
                : new(WebhookVerdict.Confirms, "only the cancellation of the order is known here; a look-up ends the payment"),
        _ => Contradiction($"it reports that the charge failed, the payment is {payment.Status.ToName()} with {payment.Reference}"),
    };

    internal static WebhookDecision Contradiction(FormattableString detail) =>
        new(WebhookVerdict.Contradicts, detail.ToString(CultureInfo.InvariantCulture));
}

internal enum WebhookVerdict
{
    /// <summary>It is the outcome of an open payment.</summary>
    Succeeds,

    /// <summary>The same, and nothing was charged.</summary>
    Declines,

    /// <summary>A refund has succeeded: one of ours that is open, or one that was made at the provider.</summary>
    Refunds,

    /// <summary>An open refund of ours has failed.</summary>
    RefundFails,

    /// <summary>There is nothing to change.</summary>
    Confirms,

    /// <summary>It may be applied later.</summary>
    Waits,

    /// <summary>It can never be applied.</summary>
    Fails,

    /// <summary>The payment has a final outcome, and it claims another.</summary>
    Contradicts,
}
