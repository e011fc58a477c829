using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>A hash that replaces a key or an order id in memory: a million charges take a few hundred megabytes.</summary>
internal static class Fingerprint
{
    public static UInt128 Of(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
