namespace OrderSystem.Messaging.Connections;

/// <summary>The user info of a URL: user and password, or a token alone.</summary>
internal readonly record struct NatsCredentials(string? User, string Secret);

/// <summary>Parses NATS connection strings: one URL, or the URLs of a cluster separated by commas.</summary>
internal static class NatsUrl
{
    internal const string Example = "nats://user:password@localhost:4222";

    /// <summary>Whether each part is a server URL, by the rules of the client.</summary>
    internal static bool IsReadable(string connectionString)
    {
        var servers = ServersOf(connectionString);
        return servers.Length > 0 && servers.All(IsServer);
    }

    /// <summary>The credentials of the first URL that has any; the servers of a cluster share their users.</summary>
    internal static NatsCredentials? CredentialsOf(string? connectionString)
    {
        foreach (var server in ServersOf(connectionString ?? ""))
        {
            if (!Uri.TryCreate(server, UriKind.Absolute, out var url) || url.UserInfo.Length == 0)
                continue;
            var parts = url.UserInfo.Split(':', 2);
            return parts is [var user, var password]
                ? new(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password))
                : new(User: null, Uri.UnescapeDataString(parts[0]));
        }

        return null;
    }

    private static string[] ServersOf(string connectionString) =>
    [
        .. connectionString.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(server => server.Contains("://", StringComparison.Ordinal) ? server : $"nats://{server}"),
    ];

    private static bool IsServer(string url)
    {
        try
        {
            var uri = new UriBuilder(url).Uri;
            return uri.Scheme is "nats" or "tls" && uri.IdnHost.Length > 0;
        }
        catch (UriFormatException)
        {
            return false;
        }
    }
}
