using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>What is certain about one payment after the provider was asked, and how far the asking got.</summary>
/// <param name="Outcome">What is certain, with all calls.</param>
/// <param name="Counts">Whether something may have been sent that charges.</param>
/// <param name="HadNone">Whether the provider said that it had no charge of the order before it was asked for one.</param>
internal readonly record struct Answer(ChargeOutcome Outcome, bool Counts, bool HadNone = false);

/// <summary>Asks the provider about one payment: which questions, in which order.</summary>
internal sealed class Inquiry(IServiceProvider services, Doubt doubt)
{
    private const string GivenBack = "the provider has charged the order and given the charge back, but the order is not cancelled";

    private PaymentGatewayClient Provider => services.GetRequiredService<PaymentGatewayClient>();

    /// <summary>
    /// Charges, if need be after a look-up. A look-up that is not answered is no reason to charge; where it finds nothing and the key may be
    /// forgotten, another charge under it would be a second one.
    /// </summary>
    internal async Task<Answer> ChargeAsync(Payment payment, bool lookUpFirst, CancellationToken cancellationToken)
    {
        var found = lookUpFirst ? await FindAsync(payment, cancellationToken) : ChargeOutcome.None;

        // After a restore the cancellation may be on its way again. If it does not come, somebody has given the charge back by hand, and a person decides.
        if (found.Found is { IsRefunded: true })
            return new(found with { Status = ChargeStatus.Unknown, Reason = GivenBack }, Counts: true);
        if (found.Status != ChargeStatus.None)
            return new(found, Counts: false);
        if (payment.Attempts > 1 && doubt.IsOver(payment.FirstAttemptAt))
            return new(found with { Status = ChargeStatus.Refused, Reason = $"{found.Reason}, and may have forgotten the key that it was asked with" }, Counts: false);

        var charged = (await Provider.ChargeAsync(payment.OrderId, payment.Amount!.Value, payment.Currency!, payment.ProviderKey, cancellationToken)).After(found);
        if (charged.Status == ChargeStatus.Refused)
            charged = await BeforeReviewAsync(payment, charged, cancellationToken);
        return new(charged, charged.Status != ChargeStatus.Unavailable, HadNone: lookUpFirst);
    }

    /// <summary>What the provider has of the order.</summary>
    internal async Task<ChargeOutcome> FindAsync(Payment payment, CancellationToken cancellationToken)
    {
        var found = await Provider.FindAsync(payment.OrderId, cancellationToken);
        if (found.Status != ChargeStatus.Succeeded || found.Found is not { } charge)
            return found;
        return Differs(payment.Amount, charge.Amount) || (payment.Currency is { } currency && charge.Currency is { } other && currency != other)
            ? found with { Status = ChargeStatus.Refused, Reason = ProviderText.Clean($"the provider has charged {charge.Amount} {charge.Currency} for the order") }
            : found;
    }

    /// <summary>Gives the charge back. What the provider refuses may have been given back already: its look-up says so.</summary>
    internal async Task<ChargeOutcome> RefundAsync(OpenRefund refund, bool lookUpFirst, CancellationToken cancellationToken)
    {
        var found = lookUpFirst ? await Provider.FindAsync(refund.OrderId, cancellationToken) : ChargeOutcome.None;
        if (!found.IsAnswer || found.Found is { IsRefunded: true })
            return found;
        var refunded = (await Provider.RefundAsync(refund.ProviderReference, refund.Amount, refund.RefundKey, cancellationToken)).After(found);
        var isRefusal = refunded.Status == ChargeStatus.Refused || refunded.Failure is ProviderFailure.Route or ProviderFailure.Credentials or ProviderFailure.Proxy;
        if (!isRefusal)
            return refunded;
        var after = (await Provider.FindAsync(refund.OrderId, cancellationToken)).After(refunded);
        return after.Found is { IsRefunded: true } || (refunded.Status == ChargeStatus.Refused && !after.IsAnswer) ? after : refunded with { Calls = after.Calls };
    }

    /// <summary>A person is asked only when the provider has nothing to say; a refusal can also mean that an earlier call has charged.</summary>
    private async Task<ChargeOutcome> BeforeReviewAsync(Payment payment, ChargeOutcome refused, CancellationToken cancellationToken)
    {
        var found = (await FindAsync(payment, cancellationToken)).After(refused);
        return found.Status switch
        {
            ChargeStatus.Succeeded when found.Found is { IsRefunded: true } => refused with { Reason = GivenBack, Calls = found.Calls },
            ChargeStatus.Succeeded or ChargeStatus.Declined => found,
            ChargeStatus.Unknown or ChargeStatus.Unavailable => found with { Status = ChargeStatus.Unknown },
            _ => refused with { Calls = found.Calls },
        };
    }

    private static bool Differs(decimal? ours, decimal? theirs) => ours is { } one && theirs is { } other && one != other;
}
