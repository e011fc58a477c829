using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>A key that is derived from a name, so that it is the same after a restore, and in every instance.</summary>
internal static class NameBasedUuid
{
    /// <summary>The first 128 bits of SHA-256 over the name, as a UUID of version 8 (RFC 9562).</summary>
    internal static Guid Of(string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), hash);
        hash[6] = (byte)(0x80 | (hash[6] & 0x0F));
        hash[8] = (byte)(0x80 | (hash[8] & 0x3F));
        return new Guid(hash[..16], bigEndian: true);
    }
}
