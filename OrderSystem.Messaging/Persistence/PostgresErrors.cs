using Npgsql;

namespace OrderSystem.Messaging.Persistence;

/// <summary>What an error of PostgreSQL means for the one who meets it.</summary>
public static class PostgresErrors
{
    /// <summary>The transaction was rolled back because of another one; the same again may succeed.</summary>
    public static bool IsRolledBackConflict(PostgresException failure) => failure.SqlState.StartsWith("40", StringComparison.Ordinal);

    /// <summary>The error is about the data of a row (class 22, 23, or a limit of a value): others of the batch may succeed without it.</summary>
    public static bool IsAboutARow(PostgresException failure) =>
        failure.SqlState.AsSpan(0, 2) is "22" or "23" or "54";

    /// <summary>No row can hold the value, such as a text with NUL in it: the same again will not succeed.</summary>
    public static bool IsAboutAValue(PostgresException failure) => failure.SqlState.StartsWith("22", StringComparison.Ordinal);

    /// <summary>
    /// The infrastructure cannot do it now, whatever is asked of it: it is unreachable, starting, stopping, full, read-only, locked or too slow. The same
    /// again will succeed once it is well.
    /// </summary>
    public static bool IsUnavailable(Exception failure) => failure switch
    {
        PostgresException postgres => postgres.IsTransient || postgres.SqlState.AsSpan(0, 2) is "08" or "40" or "53" or "55" or "57" or "58" or "XX"
            || postgres.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction,
        NpgsqlException or TimeoutException or CommitQueueFullException => true,
        _ => false,
    };
}
