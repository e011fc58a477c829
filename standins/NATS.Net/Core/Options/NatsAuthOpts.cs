namespace NATS.Client.Core;

/// <summary>
/// Credentials. User with password and token are supported; <see cref="Jwt"/>, <see cref="NKey"/>, <see cref="Seed"/>, <see cref="Creds"/> and the
/// files need Ed25519, which this platform lacks: connecting with one of them throws <see cref="NotSupportedException"/>.
/// </summary>
public sealed record NatsAuthOpts
{
    public static readonly NatsAuthOpts Default = new();

    public string? Username { get; init; }

    public string? Password { get; init; }

    public string? Token { get; init; }

    public string? Jwt { get; init; }

    public string? NKey { get; init; }

    public string? Seed { get; init; }

    public string? Creds { get; init; }

    public string? CredsFile { get; init; }

    public string? NKeyFile { get; init; }

    /// <summary>Asked before each connect; what it returns wins over everything else here and in the URL.</summary>
    public Func<Uri, CancellationToken, ValueTask<NatsAuthCred>>? AuthCredCallback { get; init; }

    public bool IsAnonymous => AuthCredCallback is null && NKeyBased is null
        && string.IsNullOrEmpty(Username) && string.IsNullOrEmpty(Password) && string.IsNullOrEmpty(Token);

    /// <summary>The name of the first option set that would need an Ed25519 signature.</summary>
    internal string? NKeyBased =>
        !string.IsNullOrEmpty(Jwt) ? nameof(Jwt)
        : !string.IsNullOrEmpty(NKey) ? nameof(NKey)
        : !string.IsNullOrEmpty(Seed) ? nameof(Seed)
        : !string.IsNullOrEmpty(Creds) ? nameof(Creds)
        : !string.IsNullOrEmpty(CredsFile) ? nameof(CredsFile)
        : !string.IsNullOrEmpty(NKeyFile) ? nameof(NKeyFile)
        : null;
}
