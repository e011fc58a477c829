using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrderSystem.AppHost.Access;

/// <summary>
/// A local key that signs tokens instead of an OpenID provider. RS256, because it is the cheapest to verify.
/// </summary>
internal sealed class TokenKey : IDisposable
{
    internal const string Issuer = "ordersystem-local";
    internal const string Audience = "ordersystem";
    internal const string AllScopes = "orders.read orders.write orders.ops";

    private const int Bits = 2048;
    private readonly RSA rsa;

    private TokenKey(RSA rsa)
    {
        this.rsa = rsa;
        var key = rsa.ExportParameters(includePrivateParameters: false);
        var (modulus, exponent) = (Base64Url.EncodeToString(key.Modulus), Base64Url.EncodeToString(key.Exponent));

        // The thumbprint of RFC 7638, which changes with the key.
        var canonical = $$"""{"e":"{{exponent}}","kty":"RSA","n":"{{modulus}}"}""";
        Id = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(canonical)));
        Jwks = $$"""{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"{{Id}}","n":"{{modulus}}","e":"{{exponent}}"}]}""";
    }

    internal string Id { get; }

    /// <summary>The public key as a JSON Web Key Set (RFC 7517).</summary>
    internal string Jwks { get; }

    internal static TokenKey Create() => new(RSA.Create(Bits));

    /// <summary>Reads a key from <see cref="Export"/>.</summary>
    internal static TokenKey Import(string pem)
    {
        var imported = RSA.Create();
        imported.ImportFromPem(pem);
        return new(imported);
    }

    /// <summary>The private key as PEM.</summary>
    internal string Export() => rsa.ExportPkcs8PrivateKeyPem();

    /// <summary>The environment variables of a service that accepts its tokens.</summary>
    internal IEnumerable<KeyValuePair<string, string>> Settings() =>
    [
        new("Authentication__Jwks", Jwks),
        new("Authentication__Schemes__Bearer__ValidIssuer", Issuer),
        new("Authentication__Schemes__Bearer__ValidAudience", Audience),
    ];

    /// <summary>Creates a token for a client (RFC 9068), which is its own subject unless one is given.</summary>
    internal string CreateToken(string client, string scopes, DateTimeOffset now, TimeSpan lifetime, string? subject = null)
    {
        var header = Encode(new { alg = "RS256", typ = "at+jwt", kid = Id });
        var claims = Encode(new
        {
            iss = Issuer,
            aud = Audience,
            sub = subject ?? client,
            client_id = client,
            scope = scopes,
            iat = now.ToUnixTimeSeconds(),
            nbf = now.ToUnixTimeSeconds(),
            exp = (now + lifetime).ToUnixTimeSeconds(),
            jti = Guid.NewGuid(),
        });
        var signature = rsa.SignData(Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{header}.{claims}.{Base64Url.EncodeToString(signature)}";
    }

    public void Dispose() => rsa.Dispose();

    private static string Encode<T>(T part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
}
