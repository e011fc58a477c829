using Npgsql;

namespace OrderSystem.Messaging.Persistence;

/// <summary>Classifies errors of PostgreSQL by their SQLSTATE.</summary>
public static class PostgresErrors
{
    /// <summary>A deadlock or serialization failure rolled the transaction back; a retry may succeed.</summary>
    public static bool IsRolledBackConflict(PostgresException failure) => failure.SqlState.StartsWith("40", StringComparison.Ordinal);

    /// <summary>The data of one row caused the error (classes 22, 23, 54): the rest of the batch may succeed without it.</summary>
    public static bool IsAboutARow(PostgresException failure) =>
        failure.SqlState.AsSpan(0, 2) is "22" or "23" or "54";

    /// <summary>A value that cannot be stored, such as text with NUL: no retry can succeed.</summary>
    public static bool IsAboutAValue(PostgresException failure) => failure.SqlState.StartsWith("22", StringComparison.Ordinal);

    /// <summary>
    /// The session is unfit and a new one may not be: its prepared plans are out of date (0A000), or it was opened while the
    /// server was read-only (25006).
    /// </summary>
    public static bool IsOfTheSession(PostgresException failure) =>
        failure is { SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: "RevalidateCachedQuery" }
            or { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>A retry on a fresh session may succeed: the pooled one was unfit, or the server had ended it.</summary>
    public static bool MayBeBetterOnAFreshSession(NpgsqlException failure) => failure switch
    {
        PostgresException postgres =>
            IsOfTheSession(postgres)
            || IsRolledBackConflict(postgres)
            || postgres.SqlState.StartsWith("57P", StringComparison.Ordinal),
        { InnerException: IOException } => true,
        _ => false,
    };

    /// <summary>
    /// The database is unavailable for any statement: unreachable, starting, stopping, full, read-only, locked or too slow. A retry
    /// succeeds once it has recovered.
    /// </summary>
    public static bool IsUnavailable(Exception failure) => failure switch
    {
        PostgresException postgres =>
            postgres.IsTransient
            || IsOfTheSession(postgres)
            || postgres.SqlState.AsSpan(0, 2) is "08" or "40" or "53" or "55" or "57" or "58" or "XX",
        NpgsqlException or TimeoutException or CommitQueueFullException => true,
        _ => false,
    };

    /// <summary>Clears the pool after one of its sessions was unfit: the others are as old.</summary>
    public static void ClearUnfitSessions(this NpgsqlDataSource database, Exception failure)
    {
        if (failure is PostgresException postgres && IsOfTheSession(postgres))
            database.Clear();
    }
}
