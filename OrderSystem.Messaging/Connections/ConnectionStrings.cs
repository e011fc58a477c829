using Npgsql;

namespace OrderSystem.Messaging.Connections;

/// <summary>
/// Whether connection strings can be read, before anything is made of them. What is wrong is not said more exactly: the libraries quote the
/// part that they do not understand, which may be a piece of a password.
/// </summary>
internal static class ConnectionStrings
{
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
}
