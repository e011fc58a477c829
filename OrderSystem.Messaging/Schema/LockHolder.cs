using Npgsql;

namespace OrderSystem.Messaging.Schema;

/// <summary>The session that a migration waits for, as an operator finds it.</summary>
/// <param name="Pid">Process id of its backend, as for <c>pg_terminate_backend</c>.</param>
/// <param name="Name">Its pid, application, role and, where visible, the start of its last query.</param>
/// <param name="IsAutovacuum">PostgreSQL ends it by itself for a session that waits long enough.</param>
internal sealed record LockHolder(int Pid, string Name, bool IsAutovacuum)
{
    /// <summary>The session that has blocked another one the longest; null if that does not wait for a lock.</summary>
    internal static Task<LockHolder?> OfWaitAsync(NpgsqlConnection connection, int waitingPid, CancellationToken cancellationToken) =>
        FindAsync(
            connection,
            "SELECT unnest(pg_blocking_pids(pid)) FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'",
            waitingPid, cancellationToken);

    /// <summary>The session that holds an advisory lock of this database; null if it is free.</summary>
    internal static Task<LockHolder?> OfAdvisoryLockAsync(NpgsqlConnection connection, long key, CancellationToken cancellationToken) =>
        FindAsync(
            connection,
            """
            SELECT pid FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = $1
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """,
            key, cancellationToken);

    /// <summary>
    /// The query start of other roles is visible only with pg_read_all_stats. A session without a role is a background worker.
    /// </summary>
    private static async Task<LockHolder?> FindAsync(
        NpgsqlConnection connection, string pids, object parameter, CancellationToken cancellationToken)
    {
        try
        {
            await using var query = new NpgsqlCommand(
                $"""
                SELECT h.pid, coalesce(h.application_name, ''), coalesce(h.usename, ''),
                    to_char(h.query_start AT TIME ZONE 'UTC', '", last query at "YYYY-MM-DD"T"HH24:MI:SS"Z"')
                FROM ({pids}) AS b (pid) JOIN pg_stat_activity h ON h.pid = b.pid ORDER BY h.query_start NULLS LAST LIMIT 1
                """,
                connection)
            {
                Parameters = { new() { Value = parameter } },
            };
            await using var reader = await query.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken))
                return null;
            var (pid, role) = (reader.GetInt32(0), reader.GetString(2));
            var began = await reader.IsDBNullAsync(3, cancellationToken) ? "" : reader.GetString(3);
            return role.Length == 0
                ? new(pid, $"an autovacuum (pid {pid})", IsAutovacuum: true)
                : new(
                    pid, $"the session with pid {pid} (application '{reader.GetString(1)}', role '{role}'{began})", IsAutovacuum: false);
        }
        catch (NpgsqlException)
        {
            // The holder is only for the message.
            return null;
        }
    }
}
