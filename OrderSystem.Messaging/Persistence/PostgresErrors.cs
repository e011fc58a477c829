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
    /// The session is at fault, and a new one may not be: its plans are those of a table that has changed since (0A000), or it was opened while the server took
    /// no writes (25006).
    /// </summary>
    public static bool IsOfTheSession(PostgresException failure) =>
        failure is { SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: "RevalidateCachedQuery" } or { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>A session that is new need not meet it: the old one was unfit, or was ended while it lay in the pool.</summary>
    public static bool MayBeBetterOnAFreshSession(NpgsqlException failure) => failure switch
    {
        PostgresException postgres => IsOfTheSession(postgres) || IsRolledBackConflict(postgres) || postgres.SqlState.StartsWith("57P", StringComparison.Ordinal),
        { InnerException: IOException } => true,
        _ => false,
    };

    /// <summary>
    /// The infrastructure cannot do it now, whatever is asked of it: it is unreachable, starting, stopping, full, read-only, locked or too slow. The same
    /// again will succeed once it is well.
    /// </summary>
    public static bool IsUnavailable(Exception failure) => failure switch
    {
        PostgresException postgres => postgres.IsTransient || IsOfTheSession(postgres) || postgres.SqlState.AsSpan(0, 2) is "08" or "40" or "53" or "55" or "57" or "58" or "XX",
        NpgsqlException or TimeoutException or CommitQueueFullException => true,
        _ => false,
    };

    /// <summary>Closes the pooled sessions after one of them was found unfit: the others are as old.</summary>
    public static void LeaveUnfitSessions(this NpgsqlDataSource database, Exception failure)
    {
        if (failure is PostgresException postgres && IsOfTheSession(postgres))
            database.Clear();
    }
}
