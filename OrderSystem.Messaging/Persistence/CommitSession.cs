using System.Data;
using Npgsql;
using OrderSystem.Messaging.Outbox;

namespace OrderSystem.Messaging.Persistence;

/// <summary>
/// Commits the writes of several callers in one round trip. Its session is kept from one commit to the next: one that comes out of the pool is reset before its
/// first statement, which costs as much as a small batch. After a failure it is replaced.
/// </summary>
/// <param name="database">Where the session comes from.</param>
/// <param name="committed">What the relay of this process is told.</param>
/// <param name="lockTimeout">How long a statement may wait for a lock; null means as long as the connection string says.</param>
internal sealed class CommitSession(NpgsqlDataSource database, CommittedEvents committed, TimeSpan? lockTimeout = null) : IAsyncDisposable
{
    private NpgsqlConnection? session;

    /// <summary>Commits all of the writes and answers their callers, or does neither.</summary>
    /// <exception cref="NpgsqlException">They were rolled back where it is a <see cref="PostgresException"/>; else they may be committed or not.</exception>
    internal async Task CommitAsync(IReadOnlyList<PendingWrite> writes)
    {
        var statements = new Dictionary<object, IStatement>(ReferenceEqualityComparer.Instance);
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
            database.LeaveUnfitSessions(failure);
            throw;
        }

        foreach (var statement in statements.Values)
            statement.Succeed(committed.Add);
    }

    public async ValueTask DisposeAsync()
    {
        var left = session;
        session = null;
        if (left is not null)
            await left.DisposeAsync();
    }

    private async Task RunAsync(IReadOnlyCollection<IStatement> statements)
    {
        if (session is { FullState: not ConnectionState.Open })
            await DisposeAsync();
        if (session is null)
            await OpenAsync();

        // A batch without a transaction of its own is one: one round trip, all of it or nothing.
        await using var batch = new NpgsqlBatch(session);
        foreach (var statement in statements)
            batch.BatchCommands.Add(statement.ToCommand());
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        foreach (var statement in statements.Where(statement => statement.Answers))
        {
            // The reader stands on the first result that has rows, and moves from one of these to the next.
            await statement.ReadAsync(reader, CancellationToken.None);
            await reader.NextResultAsync(CancellationToken.None);
        }

        // Callers are answered after the end of the transaction has been read: an error of the COMMIT itself comes there.
        while (await reader.NextResultAsync(CancellationToken.None))
        {
        }
    }

    private async Task OpenAsync()
    {
        session = await database.OpenConnectionAsync(CancellationToken.None);
        if (lockTimeout is not { } limit)
            return;
        await using var set = new NpgsqlCommand($"SET lock_timeout = {(int)limit.TotalMilliseconds}", session);
        await set.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
