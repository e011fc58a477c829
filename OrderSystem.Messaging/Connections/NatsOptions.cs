using System.ComponentModel.DataAnnotations;
using NATS.Client.Core;

namespace OrderSystem.Messaging.Connections;

/// <summary>Section <c>Nats</c>: what a connection to NATS needs beside its URL.</summary>
public sealed class NatsOptions : IValidatableObject
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Nats";

    /// <summary>Subject below which answers come; the user may subscribe to nothing else. Default <c>_INBOX_</c> and the user's name, <c>_INBOX</c> without one.</summary>
    public string? InboxPrefix { get; set; }

    /// <summary>File with a JWT and its key, for servers that give out such; instead of a user in the URL.</summary>
    public string? CredsFile { get; set; }

    /// <summary>PEM file of the authority that signed the server's certificate. Default: those that the machine trusts.</summary>
    public string? CaFile { get; set; }

    /// <summary>PEM file of this client's certificate, for servers that ask for one.</summary>
    public string? CertFile { get; set; }

    /// <summary>PEM file of its key.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Whether a connection is encrypted. Default: always with a <c>tls://</c> URL or one of the files above, else when the server offers it.</summary>
    public TlsMode Tls { get; set; } = TlsMode.Auto;

    /// <summary>A file that is not there would end the first attempt to connect, or every one.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, file) in new[] { (nameof(CredsFile), CredsFile), (nameof(CaFile), CaFile), (nameof(CertFile), CertFile), (nameof(KeyFile), KeyFile) })
        {
            if (file is not null && !File.Exists(file))
                yield return new ValidationResult($"Nats__{name} names a file that is not there.", [name]);
        }
    }
}
