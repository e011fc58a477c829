using System.Net.Security;

namespace NATS.Client.Core;

/// <summary>When a connection is encrypted.</summary>
public enum TlsMode
{
    /// <summary><see cref="Require"/> with the scheme <c>tls://</c> or a certificate of ours, else <see cref="Prefer"/>.</summary>
    Auto,

    /// <summary>Encrypt when the server offers it.</summary>
    Prefer,

    /// <summary>Fail when the server does not offer it.</summary>
    Require,

    /// <summary>Encrypt before the first byte.</summary>
    Implicit,

    /// <summary>Never.</summary>
    Disable,
}

/// <summary>Certificates are PEM files; a bundle is PKCS#12.</summary>
public sealed record NatsTlsOpts
{
    public static readonly NatsTlsOpts Default = new();

    public string? CertFile { get; init; }

    public string? KeyFile { get; init; }

    public string? KeyFilePassword { get; init; }

    public string? CertBundleFile { get; init; }

    public string? CertBundleFilePassword { get; init; }

    public Func<SslClientAuthenticationOptions, ValueTask>? ConfigureClientAuthentication { get; init; }

    /// <summary>The only roots that are trusted, when set.</summary>
    public string? CaFile { get; init; }

    public bool InsecureSkipVerify { get; init; }

    public TlsMode Mode { get; init; }

    internal bool HasCertificates => CertFile is not null || KeyFile is not null || CertBundleFile is not null || CaFile is not null;

    internal TlsMode EffectiveMode(bool tlsScheme) =>
        Mode != TlsMode.Auto ? Mode : tlsScheme || HasCertificates ? TlsMode.Require : TlsMode.Prefer;
}
