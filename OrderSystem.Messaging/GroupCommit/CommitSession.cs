using System.Data;
using Npgsql;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.Messaging.GroupCommit;

/// <summary>
/// Commits the writes of several callers in one round trip. It keeps its connection from one commit to the next: a pooled connection is
/// reset before its first statement, which costs as much as a small batch. After a failure it opens a new one.
/// </summary>
/// <param name="database">Opens connections.</param>
/// <param name="committed">Hands committed events to the relay of this process.</param>
/// <param name="lockTimeout">How long a statement may wait for a lock; null: as long as the connection string says.</param>
internal sealed class CommitSession(NpgsqlDataSource database, CommittedEvents committed, TimeSpan? lockTimeout = null) : IAsyncDisposable
{
    private NpgsqlConnection? connection;

    /// <summary>Commits all of the writes and completes their callers, or none of them.</summary>
    /// <exception cref="NpgsqlException">A <see cref="PostgresException"/> means that they were rolled back; after any other their
    /// fate is unknown.</exception>
    internal async Task CommitAsync(IReadOnlyList<PendingWrite> writes)
    {
        var statements = new Dictionary<BatchedWrite, PendingStatement>(ReferenceEqualityComparer.Instance);
        foreach (var write in writes)
        {
            if (!statements.TryGetValue(write.Kind, out var statement))
                statements.Add(write.Kind, statement = write.NewStatement());
            statement.Add(write);
        }

        try
        {
            await RunAsync(statements.Values);
        }
        catch (Exception failure)
        {
            await DisposeAsync();
            database.ClearUnfitSessions(failure);
            throw;
        }

        foreach (var statement in statements.Values)
            statement.Succeed(committed.Add);
    }

    public async ValueTask DisposeAsync()
    {
        var closing = connection;
        connection = null;
        if (closing is not null)
            await closing.DisposeAsync();
    }

    private async Task RunAsync(IReadOnlyCollection<PendingStatement> statements)
    {
        if (connection is { FullState: not ConnectionState.Open })
            await DisposeAsync();
        if (connection is null)
            await OpenAsync();

        // A batch outside of a transaction is an implicit one: one round trip, all or nothing.
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in statements)
            batch.BatchCommands.Add(statement.ToCommand());
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        foreach (var statement in statements.Where(statement => statement.ReturnsRows))
        {
            // The reader skips statements without a result set.
            await statement.ReadAsync(reader, CancellationToken.None);
            await reader.NextResultAsync(CancellationToken.None);
        }

        // Callers are completed only after the final result: deferred constraints fail at COMMIT.
        while (await reader.NextResultAsync(CancellationToken.None))
        {
        }
    }

    /// <summary>
    /// The statements are prepared and their plans do not depend on the values: without the setting the planner would compare, for some of
    /// them at every commit, what a plan for just these arrays would cost.
    /// </summary>
    private async Task OpenAsync()
    {
        connection = await database.OpenConnectionAsync(CancellationToken.None);
        var limit = lockTimeout is { } given ? $"; SET lock_timeout = {(int)given.TotalMilliseconds}" : "";
        await using var set = new NpgsqlCommand($"SET plan_cache_mode = force_generic_plan{limit}", connection);
        await set.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
