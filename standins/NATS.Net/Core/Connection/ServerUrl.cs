namespace NATS.Client.Core;

/// <summary>One server, with the credentials that its URL carries. <see cref="ToString"/> shows no credentials.</summary>
internal sealed record ServerUrl(Uri Uri, string Host, int Port, bool IsTls, string? Username, string? Password, string? Token)
{
    private const int DefaultPort = 4222;

    /// <exception cref="UriFormatException">It is not a URL.</exception>
    /// <exception cref="NotSupportedException">The scheme is not nats or tls.</exception>
    public static ServerUrl Parse(string url)
    {
        if (!url.Contains("://", StringComparison.Ordinal))
            url = "nats://" + url;

        var uri = new UriBuilder(url).Uri;
        if (uri.Scheme is not ("nats" or "tls"))
            throw new NotSupportedException($"URL scheme '{uri.Scheme}'");

        var port = uri.Port > 0 ? uri.Port : DefaultPort;
        var (username, password, token) = ReadUserInfo(uri.UserInfo);
        var clean = new UriBuilder(uri.Scheme, uri.Host, port).Uri;
        return new ServerUrl(clean, uri.IdnHost, port, uri.Scheme == "tls", username, password, token);
    }

    /// <summary>A server that another one told about, as <c>host:port</c>; null when that is no address.</summary>
    public static ServerUrl? FromGossip(string address, ServerUrl origin)
    {
        if (!System.Text.Ascii.IsValid(address) || !Uri.TryCreate($"{origin.Uri.Scheme}://{address}", UriKind.Absolute, out var uri))
            return null;
        return origin with { Uri = uri, Host = uri.IdnHost, Port = uri.Port > 0 ? uri.Port : DefaultPort };
    }

    public override string ToString() => $"{Uri.Scheme}://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}";

    private static (string? Username, string? Password, string? Token) ReadUserInfo(string userInfo)
    {
        if (userInfo.Length == 0)
            return (null, null, null);
        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? (null, null, Uri.UnescapeDataString(userInfo))
            : (Uri.UnescapeDataString(userInfo[..colon]), Uri.UnescapeDataString(userInfo[(colon + 1)..]), null);
    }
}
