namespace NATS.Client.Core;

/// <summary>What <see cref="NatsAuthOpts.AuthCredCallback"/> returns.</summary>
public readonly struct NatsAuthCred
{
    private NatsAuthCred(string? username, string? password, string? token, string? unsupported)
    {
        Username = username;
        Password = password;
        Token = token;
        Unsupported = unsupported;
    }

    internal string? Username { get; }

    internal string? Password { get; }

    internal string? Token { get; }

    internal string? Unsupported { get; }

    public static NatsAuthCred FromUserInfo(string username, string password) => new(username, password, null, null);

    public static NatsAuthCred FromToken(string token) => new(null, null, token, null);

    public static NatsAuthCred FromJwt(string jwt, string seed) => new(null, null, null, nameof(FromJwt));

    public static NatsAuthCred FromNkey(string seed) => new(null, null, null, nameof(FromNkey));

    public static NatsAuthCred FromNkeyFile(string filePath) => new(null, null, null, nameof(FromNkeyFile));

    public static NatsAuthCred FromCreds(string creds) => new(null, null, null, nameof(FromCreds));

    public static NatsAuthCred FromCredsFile(string filePath) => new(null, null, null, nameof(FromCredsFile));
}
