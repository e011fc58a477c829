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

    /// <summary>Refunds a charge under its own idempotency key.</summary>
    Task<ChargeOutcome> RefundAsync(string chargeId, decimal amount, string currency, Guid key, CancellationToken cancellationToken);
}
