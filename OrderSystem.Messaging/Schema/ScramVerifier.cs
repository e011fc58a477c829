using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.Messaging.Schema;

/// <summary>What PostgreSQL keeps of a password with <c>scram-sha-256</c> (RFC 5803), made here so that the server is never told the password.</summary>
internal static class ScramVerifier
{
    private const int Iterations = 4096;

    internal static string Of(string password) => Of(password, RandomNumberGenerator.GetBytes(16));

    internal static string Of(string password, byte[] salt)
    {
        // As Npgsql does with the password that it logs in with: where the runtime has no tables of characters, both leave it as it is.
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormKC)), salt, Iterations, HashAlgorithmName.SHA256, 32);
        var storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(storedKey)}:{Convert.ToBase64String(serverKey)}";
    }
}
