using Npgsql;

namespace OrderSystem.Messaging;

/// <summary>
/// Whether connection strings can be read, before anything is made of them. What is wrong is not said more exactly: the libraries quote the
/// part that they do not understand, which may be a piece of a password.
/// </summary>
internal static class ConnectionStrings
{
    internal const string NatsExample = "nats://user:password@localhost:4222";

    internal static string PostgresExample(string databaseName) => $"Host=localhost;Database={databaseName};Username=...;Password=...";

    internal static string Unreadable(string name, string example) =>
        $"ConnectionStrings__{name} cannot be read; it looks like '{example}', and what is special in it is quoted (PostgreSQL) or percent-encoded (NATS).";

    internal static bool IsPostgres(string connectionString)
    {
        try
        {
            using var database = NpgsqlDataSource.Create(connectionString);
            return true;
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException or OverflowException or InvalidCastException or InvalidOperationException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>One URL, or several with commas between them.</summary>
    internal static bool IsNats(string urls)
    {
        var all = urls.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return all.Length > 0 && all.All(IsNatsUrl);
    }

    private static bool IsNatsUrl(string url)
    {
        try
        {
            var uri = new UriBuilder(url.Contains("://", StringComparison.Ordinal) ? url : $"nats://{url}").Uri;
            return uri.Scheme is "nats" or "tls" && uri.IdnHost.Length > 0;
        }
        catch (UriFormatException)
        {
            return false;
        }
    }
}
