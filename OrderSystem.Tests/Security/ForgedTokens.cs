using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrderSystem.AppHost.Access;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Security;

/// <summary>Tokens that must be rejected: a valid token with one change, and signed again where the attack needs it.</summary>
internal static class ForgedTokens
{
    private static readonly RSA Foreign = RSA.Create(2048);

    /// <summary>Creates the forged token of this kind.</summary>
    internal static string Of(string kind) => kind switch
    {
        "expired" => Signed(claims => claims["exp"] = Now(-31)),
        "not yet valid" => Signed(claims => (claims["nbf"], claims["exp"]) = (Now(60), Now(600))),
        "without an expiry" => Signed(claims => claims.Remove("exp")),
        "foreign issuer" => Signed(claims => claims["iss"] = "https://login.example.com/"),
        "without an issuer" => Signed(claims => claims.Remove("iss")),
        "foreign audience" => Signed(claims => claims["aud"] = "another-system"),
        "without an audience" => Signed(claims => claims.Remove("aud")),
        "foreign key" => Sign(Header(), Claims(), Foreign),
        "foreign key with a known kid" => Sign(Header(header => header["kid"] = Tokens.Key.Id), Claims(), Foreign),
        "key in the jwk header" => Sign(Header(header => header["jwk"] = Jwk(Foreign)), Claims(), Foreign),
        "none algorithm" => $"{Encode(Header(header => header["alg"] = "none"))}.{Encode(Claims())}.",
        "none algorithm in mixed case" => $"{Encode(Header(header => header["alg"] = "nOnE"))}.{Encode(Claims())}.",
        "none algorithm with a signature" => Replace(0, Encode(Header(header => header["alg"] = "none"))),
        "algorithm as a URI" =>
            Sign(Header(header => header["alg"] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"), Claims(), Own()),
        "public key as HMAC secret" => Hmac(Encoding.ASCII.GetBytes(Tokens.Key.Jwks)),
        "public key as HMAC secret, PEM" => Hmac(Encoding.ASCII.GetBytes(Own().ExportSubjectPublicKeyInfoPem())),
        "public key as HMAC secret, modulus" => Hmac(Own().ExportParameters(includePrivateParameters: false).Modulus!),
        "changed claims" => Replace(1, Encode(Claims(claims => claims["client_id"] = "somebody-else"))),
        "without a signature" => Replace(2, ""),
        "two parts" => string.Join('.', Tokens.Everything.Split('.')[..2]),
        "not a token" => "x.y.z",
        "encrypted" => string.Join('.', Enumerable.Repeat("eyJhbGciOiJkaXIifQ", 5)),
        "critical extension" => Sign(Header(header => (header["crit"], header["b64"]) = (new JsonArray("b64"), false)), Claims(), Own()),
        "claims that are not an object" => Sign(Header(), "[1]", Own()),
        "very long" => Signed(claims => claims["pad"] = new string('x', 20_000)) + "x",
        _ => throw new ArgumentException(kind, nameof(kind)),
    };

    /// <summary>A token with changed claims and a valid signature.</summary>
    internal static string Signed(Action<JsonObject> change) => Sign(Header(), Claims(change), Own());

    private static RSA Own()
    {
        var own = RSA.Create();
        own.ImportFromPem(Tokens.Key.Export());
        return own;
    }

    private static string Header(Action<JsonObject>? change = null) =>
        Changed(new JsonObject { ["alg"] = "RS256", ["typ"] = "at+jwt" }, change);

    private static string Claims(Action<JsonObject>? change = null) => Changed(
        new JsonObject
        {
            ["iss"] = TokenKey.Issuer, ["aud"] = TokenKey.Audience, ["sub"] = "tests",
            ["client_id"] = "tests", ["scope"] = TokenKey.AllScopes, ["nbf"] = Now(-60), ["exp"] = Now(600),
        },
        change);

    private static string Changed(JsonObject json, Action<JsonObject>? change)
    {
        change?.Invoke(json);
        return json.ToJsonString();
    }

    private static string Sign(string header, string claims, RSA key)
    {
        var text = $"{Encode(header)}.{Encode(claims)}";
        return $"{text}."
            + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static string Hmac(byte[] secret)
    {
        var text = $"{Encode(Header(header => (header["alg"], header["kid"]) = ("HS256", Tokens.Key.Id)))}.{Encode(Claims())}";
        return $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)))}";
    }

    private static string Replace(int part, string by)
    {
        var parts = Tokens.Everything.Split('.');
        parts[part] = by;
        return string.Join('.', parts);
    }

    private static JsonNode Jwk(RSA key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return JsonSerializer.SerializeToNode(
            new { kty = "RSA", n = Base64Url.EncodeToString(parameters.Modulus), e = Base64Url.EncodeToString(parameters.Exponent) })!;
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    /// <summary>The Unix time in this many seconds.</summary>
    internal static long Now(int seconds) => TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds();
}
