namespace OrderSystem.Messaging.Connections;

/// <summary>What stands before the @ of a URL: user and password, or a token alone.</summary>
internal readonly record struct NatsCredentials(string? User, string Secret);

/// <summary>Reads connection strings of NATS: one URL, or several of one cluster with commas between them.</summary>
internal static class NatsUrl
{
    /// <summary>Those of the first URL that has any; the servers of a cluster share their users.</summary>
    internal static NatsCredentials? CredentialsOf(string? connectionString)
    {
        foreach (var server in (connectionString ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(server.Contains("://", StringComparison.Ordinal) ? server : $"nats://{server}", UriKind.Absolute, out var url) || url.UserInfo.Length == 0)
                continue;
            var parts = url.UserInfo.Split(':', 2);
            return parts is [var user, var password] ? new(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password)) : new(User: null, Uri.UnescapeDataString(parts[0]));
        }

        return null;
    }
}
