using Npgsql;

namespace OrderSystem.Tests.Support;

/// <summary>Queries a database directly.</summary>
internal static class Sql
{
    internal static async Task<T> ScalarAsync<T>(string connectionString, string sql) => (T)(await RowAsync(connectionString, sql))[0]!;

    internal static async Task<object?[]> RowAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Command Timeout=120");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
            throw new InvalidOperationException($"No row: {sql}");
        var row = new object?[reader.FieldCount];
        reader.GetValues(row!);
        return row;
    }

    internal static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Command Timeout=120");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A separate session that holds the locks of the statement until it is disposed.</summary>
    internal static async Task<NpgsqlConnection> HoldAsync(string connectionString, string sql)
    {
        var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Command Timeout=60");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; {sql}", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
