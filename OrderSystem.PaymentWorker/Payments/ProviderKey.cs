using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// The idempotency key for calls to the provider. It is derived from the id of the order or refund, so that it is the same after a restore
/// that has lost the payment. A stored key is never replaced.
/// </summary>
internal static class ProviderKey
{
    /// <summary>Part of the hashed name. Changing the derivation would charge every order without a stored key a second time.</summary>
    private const string Namespace = "ordersystem/provider-key/1";

    internal static Guid OfCharge(Guid orderId) => NameBasedUuid.Of($"{Namespace}/charge/{orderId:D}");

    /// <summary>That of the refund of a paid order.</summary>
    internal static Guid OfPartialRefund(Guid refundId) => NameBasedUuid.Of($"{Namespace}/partial-refund/{refundId:D}");

    /// <summary>That of a cancelled order.</summary>
    internal static Guid OfRefund(Guid orderId) => NameBasedUuid.Of($"{Namespace}/refund/{orderId:D}");
}
