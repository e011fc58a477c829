using System.Security.Cryptography;
using System.Text;

namespace OrderSystem.Messaging.Schema;

/// <summary>
/// The <c>scram-sha-256</c> verifier of a password (RFC 5803), computed here so that the password is never sent to the server.
/// </summary>
internal static class ScramVerifier
{
    private const int Iterations = 4096;

    internal static string Of(string password) => Of(password, RandomNumberGenerator.GetBytes(16));

    internal static string Of(string password, byte[] salt)
    {
        // Normalised as Npgsql does at login: in invariant globalization mode both leave it as it is.
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormKC)), salt, Iterations, HashAlgorithmName.SHA256, 32);
        var storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}"
            + $"${Convert.ToBase64String(storedKey)}:{Convert.ToBase64String(serverKey)}";
    }
}
