using Npgsql;

namespace OrderSystem.Messaging.Persistence;

/// <summary>
/// Purges rows by age, in batches that skip rows locked by another instance. Rows are deleted by their physical location (ctid): by their
/// keys, the planner may join the whole table with the few rows to delete.
/// </summary>
public static class AgedRows
{
    private const int Batch = 5_000;

    /// <summary>The statement: $1 is the age as an interval, $2 the size of a batch.</summary>
    /// <param name="table">Name of the table.</param>
    /// <param name="timestamp">Column that tells the age; it needs an index.</param>
    /// <param name="condition">Rows that do not fulfil it are kept; the index has to have it.</param>
    public static string Sql(string table, string timestamp, string? condition = null) =>
        $"DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {timestamp} < now() - $1 "
        + $"{(condition is null ? "" : $"AND {condition} ")}ORDER BY {timestamp} LIMIT $2 FOR UPDATE SKIP LOCKED))";

    /// <summary>Deletes all rows that are older than an age.</summary>
    /// <param name="database">The database.</param>
    /// <param name="sql">Of <see cref="Sql"/>.</param>
    /// <param name="age">Age above which rows are deleted.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    public static async Task PurgeAsync(this NpgsqlDataSource database, string sql, TimeSpan age, CancellationToken cancellationToken)
    {
        while (await DeleteBatchAsync(database, sql, age, cancellationToken) == Batch)
        {
        }
    }

    private static async Task<int> DeleteBatchAsync(
        NpgsqlDataSource database, string sql, TimeSpan age, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = age });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
