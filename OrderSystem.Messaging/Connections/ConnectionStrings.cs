using Npgsql;

namespace OrderSystem.Messaging.Connections;

/// <summary>
/// Checks connection strings before they are used. The errors give no detail: the libraries quote the part that they cannot parse, which
/// may be part of a password.
/// </summary>
internal static class ConnectionStrings
{
    internal static string PostgresExample(string databaseName) => $"Host=localhost;Database={databaseName};Username=...;Password=...";

    internal static string Unreadable(string name, string example) =>
        $"ConnectionStrings__{name} cannot be parsed; the expected format is '{example}', with special characters quoted (PostgreSQL) "
        + "or percent-encoded (NATS).";

    internal static bool IsPostgres(string connectionString)
    {
        try
        {
            using var database = NpgsqlDataSource.Create(connectionString);
            return true;
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException or OverflowException or InvalidCastException
            or InvalidOperationException or NotSupportedException)
        {
            return false;
        }
    }
}
