using Microsoft.Extensions.Configuration;
using NATS.Client.Core;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.Connections;

/// <summary>Credentials, inbox prefix and TLS settings of a NATS connection.</summary>
internal static class NatsAccess
{
    private const string AnyInbox = "_INBOX";

    /// <summary>Applies the settings and the credentials of a connection string.</summary>
    /// <param name="options">The other options of the connection.</param>
    /// <param name="configuration">Holds section <c>Nats</c> and the connection string.</param>
    /// <param name="connectionName">Name of the connection string.</param>
    internal static NatsOpts WithAccess(this NatsOpts options, IConfiguration configuration, string connectionName)
    {
        var settings = configuration.GetSection(NatsOptions.Section).Get<NatsOptions>() ?? new NatsOptions();
        var credentials = NatsUrl.CredentialsOf(configuration.GetConnectionString(connectionName));
        return options with
        {
            InboxPrefix = settings.InboxPrefix
                ?? (credentials?.User is { } user && user.All(IsSubjectTokenCharacter) ? $"{AnyInbox}_{user}" : AnyInbox),
            TlsOpts = options.TlsOpts with
            {
                CaFile = settings.CaFile, CertFile = settings.CertFile, KeyFile = settings.KeyFile, Mode = settings.Tls,
            },

            // The callback runs before each connect, so that a rotated secret is used from the next connect on, without a restart.
            AuthOpts = settings.CredsFile is { } file
                ? options.AuthOpts with { AuthCredCallback = (_, _) => ValueTask.FromResult(NatsAuthCred.FromCredsFile(file)) }
                : credentials is null ? options.AuthOpts
                : options.AuthOpts with { AuthCredCallback = (_, _) => ValueTask.FromResult(Current(configuration, connectionName)) },
        };
    }

    private static NatsAuthCred Current(IConfiguration configuration, string connectionName)
    {
        var name = $"ConnectionStrings__{connectionName}";
        var credentials = NatsUrl.CredentialsOf(
            SecretFiles.ReadAgain(configuration, name) ?? configuration.GetConnectionString(connectionName));
        return credentials is not { } current ? NatsAuthCred.FromUserInfo("", "")
            : current.User is { } user ? NatsAuthCred.FromUserInfo(user, current.Secret)
            : NatsAuthCred.FromToken(current.Secret);
    }

    private static bool IsSubjectTokenCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_';
}
