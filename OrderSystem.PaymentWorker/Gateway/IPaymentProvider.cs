namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// A payment provider. Every call goes through the same <see cref="ProviderPipeline"/>, and each provider has one table that says what its
/// responses mean. docs/payment-providers.md says what an implementation has to guarantee.
/// </summary>
internal interface IPaymentProvider
{
    /// <summary>
    /// Charges an order under an idempotency key: the provider returns the same charge for the same key, however often it is called. The
    /// payment method is the order's own, if it has one.
    /// </summary>
    Task<ChargeOutcome> ChargeAsync(
        Guid orderId, decimal amount, string currency, string? paymentMethod, Guid key, CancellationToken cancellationToken);

    /// <summary>Looks up an order's charge. That there is none is certain only when no charge call can be in flight any more.</summary>
    Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken);

    /// <summary>
    /// Refunds a part of a charge, or all of it, under its own idempotency key. The provider keeps the reference with the refund, shows it
    /// in look-ups and repeats it in webhooks; the refund of a cancelled order has none. <see cref="ChargeStatus.Declined"/> means that it
    /// can never be made, as when less than the amount is left; <see cref="ChargeStatus.Refused"/>, that a person has to find out why.
    /// </summary>
    Task<ChargeOutcome> RefundAsync(
        string chargeId, decimal amount, string currency, Guid? reference, Guid key, CancellationToken cancellationToken);

    /// <summary>
    /// Looks up the refund of a charge that has this reference. The provider shows a refund as soon as its call was answered.
    /// </summary>
    Task<ChargeOutcome> FindRefundAsync(string chargeId, Guid reference, CancellationToken cancellationToken);
}
