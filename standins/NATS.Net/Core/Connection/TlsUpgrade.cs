using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace NATS.Client.Core;

/// <summary>Puts TLS on a socket connection.</summary>
internal static class TlsUpgrade
{
    /// <summary>Whether to upgrade after the server has introduced itself.</summary>
    /// <exception cref="NatsException">One side insists, the other cannot.</exception>
    public static bool IsWanted(TlsMode mode, INatsServerInfo info) => mode switch
    {
        TlsMode.Require when !info.TlsRequired && !info.TlsAvailable => throw new NatsException("TLS is required, but the server does not offer it"),
        TlsMode.Disable when info.TlsRequired => throw new NatsException("The server requires TLS, but it is disabled"),
        TlsMode.Require => true,
        TlsMode.Prefer => info.TlsRequired || info.TlsAvailable,
        _ => false,
    };

    public static async Task<INatsSocketConnection> UpgradeAsync(INatsSocketConnection socket, NatsTlsOpts opts, string host, CancellationToken cancellationToken)
    {
        var options = await CreateOptionsAsync(opts, host, cancellationToken).ConfigureAwait(false);
        var stream = new SslStream(SocketConnectionStream.Of(socket), leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            return new StreamConnection(stream, socket);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<SslClientAuthenticationOptions> CreateOptionsAsync(NatsTlsOpts opts, string host, CancellationToken cancellationToken)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (LoadClientCertificate(opts) is { } certificate)
            options.ClientCertificates = [certificate];

        if (opts.CaFile is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPem(await File.ReadAllTextAsync(opts.CaFile, cancellationToken).ConfigureAwait(false));
            options.CertificateChainPolicy = policy;
        }

        if (opts.InsecureSkipVerify)
        {
#pragma warning disable CA5359 // That is what the option is for.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        if (opts.ConfigureClientAuthentication is { } configure)
            await configure(options).ConfigureAwait(false);
        return options;
    }

    private static X509Certificate2? LoadClientCertificate(NatsTlsOpts opts)
    {
        if (opts.CertBundleFile is not null)
            return X509CertificateLoader.LoadPkcs12FromFile(opts.CertBundleFile, opts.CertBundleFilePassword);
        if (opts.CertFile is null)
            return null;
        return opts.KeyFilePassword is null
            ? X509Certificate2.CreateFromPemFile(opts.CertFile, opts.KeyFile)
            : X509Certificate2.CreateFromEncryptedPemFile(opts.CertFile, opts.KeyFilePassword, opts.KeyFile);
    }
}
