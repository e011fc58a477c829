using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// The key under which the provider is asked: name-based, so that the same order always asks with the same key, also when this database has
/// forgotten that it ever did. A key that is stored stays, whatever this would derive today.
/// </summary>
internal static class ProviderKey
{
    /// <summary>Part of the name. Another derivation is another version, and a second charge for each order whose key is not stored.</summary>
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
