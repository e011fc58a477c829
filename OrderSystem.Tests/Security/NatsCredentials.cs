using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NATS.NKeys;

namespace OrderSystem.Tests.Security;

/// <summary>A NATS operator with one account, whose users authenticate with a JWT and an NKey, as in a hosted NATS.</summary>
internal sealed class NatsCredentials : IDisposable
{
    private readonly KeyPair issuer = KeyPair.CreatePair(PrefixByte.Operator);
    private readonly KeyPair account = KeyPair.CreatePair(PrefixByte.Account);

    /// <summary>JetStream requires a system account when accounts come from JWTs.</summary>
    private readonly KeyPair system = KeyPair.CreatePair(PrefixByte.Account);

    /// <summary>The configuration of a server of this operator.</summary>
    internal string ServerConfiguration => $$"""
        operator: {{Token(issuer, issuer.GetPublicKey(), new() { ["type"] = "operator" })}}
        system_account: {{system.GetPublicKey()}}
        resolver: MEMORY
        resolver_preload: { {{system.GetPublicKey()}}: {{AccountToken(system)}}, {{account.GetPublicKey()}}: {{AccountToken(account)}} }
        """;

    /// <summary>The text of a creds file.</summary>
    /// <param name="name">The name of the user.</param>
    /// <param name="lifetime">The time after which the server closes the user's connections.</param>
    internal string CredsOf(string name, TimeSpan? lifetime = null)
    {
        using var user = KeyPair.CreatePair(PrefixByte.User);
        var token = Token(account, user.GetPublicKey(), Merge(new() { ["type"] = "user" }, Unlimited()), name, lifetime);
        return $"""
            -----BEGIN NATS USER JWT-----
            {token}
            ------END NATS USER JWT------

            -----BEGIN USER NKEY SEED-----
            {user.GetSeed()}
            ------END USER NKEY SEED------

            """;
    }

    public void Dispose()
    {
        issuer.Dispose();
        account.Dispose();
        system.Dispose();
    }

    private string AccountToken(KeyPair of) =>
        Token(issuer, of.GetPublicKey(), new() { ["type"] = "account", ["limits"] = Unlimited("conn", "leaf", "imports", "exports") });

    private static JsonObject Unlimited(params ReadOnlySpan<string> further)
    {
        var limits = new JsonObject();
        foreach (var name in (string[])["subs", "data", "payload", .. further])
            limits[name] = -1;
        return limits;
    }

    private static JsonObject Merge(JsonObject one, JsonObject other)
    {
        foreach (var (name, value) in other)
            one[name] = value?.DeepClone();
        return one;
    }

    private static string Token(KeyPair signer, string subject, JsonObject claims, string name = "test", TimeSpan? lifetime = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        claims["version"] = 2;
        var body = new JsonObject
        {
            ["jti"] = Guid.NewGuid().ToString("N"), ["iat"] = now.ToUnixTimeSeconds(), ["iss"] = signer.GetPublicKey(),
            ["name"] = name, ["sub"] = subject, ["nats"] = claims,
        };
        if (lifetime is { } ends)
            body["exp"] = (now + ends).ToUnixTimeSeconds();
        var head = JsonSerializer.SerializeToUtf8Bytes(new { typ = "JWT", alg = "ed25519-nkey" });
        var text = $"{Base64Url.EncodeToString(head)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(body.ToJsonString()))}";
        var signature = new byte[64];
        signer.Sign(Encoding.ASCII.GetBytes(text), signature);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }
}
