using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// The idempotency key for calls to the provider. It is derived from the order id, so that it is the same after a restore that has lost the
/// payment. A stored key is never replaced.
/// </summary>
internal static class ProviderKey
{
    /// <summary>Part of the hashed name. Changing the derivation would charge every order without a stored key a second time.</summary>
    private const string Namespace = "ordersystem/provider-key/1";

    internal static Guid OfCharge(Guid orderId) => Of("charge", orderId);

    internal static Guid OfRefund(Guid orderId) => Of("refund", orderId);

    /// <summary>The first 128 bits of SHA-256 over namespace, purpose and order, as a UUID of version 8 (RFC 9562).</summary>
    private static Guid Of(string purpose, Guid orderId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{Namespace}/{purpose}/{orderId:D}"), hash);
        hash[6] = (byte)(0x80 | (hash[6] & 0x0F));
        hash[8] = (byte)(0x80 | (hash[8] & 0x3F));
        return new Guid(hash[..16], bigEndian: true);
    }
}
