using System.ComponentModel.DataAnnotations;
using NATS.Client.Core;

namespace OrderSystem.Messaging.Connections;

/// <summary>Section <c>Nats</c>: the settings of a NATS connection besides its URL.</summary>
internal sealed class NatsOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Nats";

    /// <summary>
    /// Subject prefix of the client's inbox; the user needs permission to subscribe below it. Default <c>_INBOX_</c> and the user's name,
    /// or <c>_INBOX</c> without a user.
    /// </summary>
    public string? InboxPrefix { get; set; }

    /// <summary>Credentials file with a JWT and its NKey seed, instead of a user in the URL.</summary>
    public string? CredsFile { get; set; }

    /// <summary>PEM file of the CA that signed the server's certificate. Default: the machine's trusted CAs.</summary>
    public string? CaFile { get; set; }

    /// <summary>PEM file of the client certificate, for servers that require one.</summary>
    public string? CertFile { get; set; }

    /// <summary>PEM file of the client certificate's private key.</summary>
    public string? KeyFile { get; set; }

    /// <summary>
    /// TLS mode. Default: required with a <c>tls://</c> URL or one of the files above, else used when the server offers it.
    /// </summary>
    public TlsMode Tls { get; set; } = TlsMode.Auto;

    /// <summary>A missing file would otherwise fail the first connect, or every one.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, string? File)[] files =
            [(nameof(CredsFile), CredsFile), (nameof(CaFile), CaFile), (nameof(CertFile), CertFile), (nameof(KeyFile), KeyFile)];
        foreach (var (name, file) in files)
        {
            if (file is not null && !File.Exists(file))
                yield return new ValidationResult($"Nats__{name} names a file that does not exist; mount it or correct the path.", [name]);
        }
    }
}
