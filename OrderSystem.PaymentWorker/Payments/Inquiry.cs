using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>What is certain about one payment after calls to the provider.</summary>
/// <param name="Outcome">The outcome, with all calls.</param>
/// <param name="Counts">Whether a call that charges may have been sent.</param>
/// <param name="HadNone">Whether a look-up before the charge found none.</param>
internal readonly record struct Answer(ChargeOutcome Outcome, bool Counts, bool HadNone = false);

/// <summary>Decides which calls to the provider a payment needs, and in which order.</summary>
internal sealed class Inquiry(IPaymentProvider provider, Doubt doubt)
{
    internal const string RefundedUnasked = "the provider has charged and refunded the order, but the order is not cancelled";
    private const string WithoutItsMethod = "the order API does not tell the payment method of the order";

    /// <summary>
    /// Charges, after a look-up where one is needed. Without an answer to the look-up nothing is charged. If it finds nothing and the
    /// provider may have forgotten the key, another charge under that key would be a second one.
    /// </summary>
    internal async Task<Answer> ChargeAsync(Payment payment, bool lookUpFirst, CancellationToken cancellationToken)
    {
        var found = lookUpFirst ? await FindAsync(payment, cancellationToken) : ChargeOutcome.None;

        // After a restore the cancellation may be redelivered. If it is not, the charge was refunded by hand, and
        // an operator has to decide.
        if (found.Found is { IsRefunded: true })
            return new(found with { Status = ChargeStatus.Unknown, Reason = RefundedUnasked }, Counts: true);
        if (found.Status != ChargeStatus.None)
            return new(found, Counts: false);
        if (payment.Attempts > 1 && doubt.IsExpired(payment.FirstAttemptAt))
            return new(
                found with
                {
                    Status = ChargeStatus.Refused,
                    Reason = $"{found.Reason}, and may have forgotten the key of the earlier attempt",
                },
                Counts: false);

        if (payment is { HasMethod: true, Method: null })
        {
            var waits = ChargeOutcome.Unavailable(ProviderFailure.PaymentMethod, WithoutItsMethod);
            return new(waits.After(found), Counts: false, HadNone: lookUpFirst);
        }

        var charged = WithoutMethod(
            (await provider.ChargeAsync(
                payment.OrderId, payment.Amount!.Value, payment.Currency!, payment.Method, payment.ProviderKey, cancellationToken))
                .After(found),
            payment.Method);
        if (charged.Status == ChargeStatus.Refused)
            charged = await BeforeReviewAsync(payment, charged, cancellationToken);
        return new(charged, charged.Status != ChargeStatus.Unavailable, HadNone: lookUpFirst);
    }

    /// <summary>Looks the order up at the provider.</summary>
    internal async Task<ChargeOutcome> FindAsync(Payment payment, CancellationToken cancellationToken)
    {
        var found = await provider.FindAsync(payment.OrderId, cancellationToken);
        if (found.Status != ChargeStatus.Succeeded || found.Found is not { } charge)
            return found;
        return Differs(payment.Amount, charge.Amount)
            || (payment.Currency is { } currency && charge.Currency is { } other && currency != other)
            ? found with
            {
                Status = ChargeStatus.Refused,
                Reason = ProviderText.Clean($"the provider has charged {charge.Amount} {charge.Currency} for the order"),
            }
            : found;
    }

    /// <summary>
    /// Refunds, after a look-up where one is needed. Without an answer to the look-up nothing is refunded. After a refusal another one
    /// tells whether an earlier call has refunded. What the provider is processing is only looked up.
    /// </summary>
    internal async Task<Answer> RefundAsync(OpenRefund refund, bool lookUpFirst, CancellationToken cancellationToken)
    {
        var found = lookUpFirst || refund.Amount <= 0 ? await FindAsync(refund, cancellationToken) : ChargeOutcome.None;
        if (found.Status != ChargeStatus.None)
            return new(found, Counts: false);
        if (refund.Amount <= 0)
            return new(found with { Status = ChargeStatus.Refused, Reason = "nothing should be left of the charge" }, Counts: false);

        // The provider has accepted the refund, so that a list without it is behind.
        if (refund.ProcessingFor is not null)
            return new(found with { Status = ChargeStatus.Processing }, Counts: false);
        var refunded = (await provider.RefundAsync(
            refund.ChargeReference, refund.Amount, refund.Currency, refund.OfPaidOrder?.RefundId, refund.Key, cancellationToken))
            .After(found);
        var counts = refunded.Status != ChargeStatus.Unavailable;
        var isRefusal = refunded.Status is ChargeStatus.Refused or ChargeStatus.Declined;
        if (!isRefusal && refunded.Failure is not (ProviderFailure.Route or ProviderFailure.Credentials or ProviderFailure.Proxy))
            return new(refunded, counts, HadNone: lookUpFirst);
        var after = (await FindAsync(refund, cancellationToken)).After(refunded);
        return (after.IsAnswer && after.Status != ChargeStatus.None) || (isRefusal && !after.IsAnswer)
            ? new(after, Counts: false)
            : new(refunded with { Calls = after.Calls }, counts, HadNone: lookUpFirst);
    }

    /// <summary>Looks a refund up: that of a paid order by its id, that of a cancelled order by its charge.</summary>
    internal async Task<ChargeOutcome> FindAsync(OpenRefund refund, CancellationToken cancellationToken)
    {
        if (refund.OfPaidOrder is not { } part)
        {
            var charge = await provider.FindAsync(refund.OrderId, cancellationToken);
            return !charge.IsAnswer || charge.Found is { IsRefunded: true } ? charge : ChargeOutcome.NoRefund.After(charge);
        }

        var found = await provider.FindRefundAsync(refund.ChargeReference, part.RefundId, cancellationToken);
        return found is { Status: ChargeStatus.Succeeded, Found: { } other }
            && (Differs(part.Amount, other.Amount) || (other.Currency is { } currency && currency != part.Currency))
            ? found with
            {
                Status = ChargeStatus.Refused,
                Reason = ProviderText.Clean($"the provider has refunded {other.Amount} {other.Currency} as {found.Reference}"),
            }
            : found;
    }

    /// <summary>A refusal may mean that an earlier call has charged: review only if a look-up finds no charge.</summary>
    private async Task<ChargeOutcome> BeforeReviewAsync(Payment payment, ChargeOutcome refused, CancellationToken cancellationToken)
    {
        var found = (await FindAsync(payment, cancellationToken)).After(refused);
        return found.Status switch
        {
            ChargeStatus.Succeeded when found.Found is { IsRefunded: true } =>
                refused with { Reason = RefundedUnasked, Calls = found.Calls },
            ChargeStatus.Succeeded or ChargeStatus.Declined or ChargeStatus.Processing => found,
            ChargeStatus.Unknown or ChargeStatus.Unavailable => found with { Status = ChargeStatus.Unknown },
            _ => refused with { Calls = found.Calls },
        };
    }

    /// <summary>A provider may quote the payment method in its reason, which is stored, logged and told in an event.</summary>
    private static ChargeOutcome WithoutMethod(ChargeOutcome outcome, string? method) => method is null ? outcome
        : outcome with { Reason = outcome.Reason?.Replace(method, "[payment method]", StringComparison.Ordinal) };

    private static bool Differs(decimal? ours, decimal? theirs) => ours is { } one && theirs is { } other && one != other;
}
