using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>
/// The key of a webhook in the inbox, derived from the provider and its event id: a second delivery finds the row of the first.
/// </summary>
internal static class WebhookId
{
    /// <summary>The first 128 bits of SHA-256 over both, as a UUID of version 8 (RFC 9562).</summary>
    internal static Guid Of(string provider, string eventId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"ordersystem/webhook/1/{provider}/{eventId}"), hash);
        hash[6] = (byte)(0x80 | (hash[6] & 0x0F));
        hash[8] = (byte)(0x80 | (hash[8] & 0x3F));
        return new Guid(hash[..16], bigEndian: true);
    }
}
