using Npgsql;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.GroupCommit;

/// <summary>The writes of one kind within one transaction.</summary>
internal abstract class PendingStatement(BatchedWrite kind)
{
    internal bool ReturnsRows => kind.ReturnsRows;

    /// <param name="write">A write of this kind.</param>
    internal abstract void Add(PendingWrite write);

    internal abstract NpgsqlBatchCommand ToCommand();

    internal abstract Task ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken);

    /// <summary>Completes the callers after the commit.</summary>
    /// <param name="committed">Receives the events that were stored.</param>
    internal abstract void Succeed(Action<StoredEvent> committed);
}

/// <inheritdoc/>
internal sealed class PendingStatement<TRow, TResult>(BatchedWrite<TRow, TResult> kind) : PendingStatement(kind)
{
    private readonly List<PendingWrite<TRow, TResult>> writes = [];
    private readonly List<TRow> rows = [];
    private TResult[] results = [];

    internal override void Add(PendingWrite write)
    {
        var typed = (PendingWrite<TRow, TResult>)write;
        writes.Add(typed);
        rows.Add(typed.Row);
    }

    internal override NpgsqlBatchCommand ToCommand()
    {
        var command = new NpgsqlBatchCommand(kind.Sql);
        kind.AddParameters(command.Parameters, rows);
        return command;
    }

    internal override async Task ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        results = new TResult[rows.Count];
        var read = 0;

        // PostgreSQL returns the rows in any order. A single row needs no map.
        var indexes = rows.Count == 1 ? null : IndexesByKey();
        while (await reader.ReadAsync(cancellationToken))
        {
            var index = indexes is null ? 0 : indexes[reader.GetGuid(0)];
            results[index] = kind.Read(reader, rows[index]);
            read++;
        }

        if (read != rows.Count)
            throw new InvalidOperationException($"The statement of '{kind.Name}' returned {read} rows for {rows.Count}.");
    }

    internal override void Succeed(Action<StoredEvent> committed)
    {
        for (var i = 0; i < writes.Count; i++)
        {
            var result = ReturnsRows ? results[i] : default!;
            if (kind.StoredWith(rows[i], result) is { } stored)
                committed(stored);
            writes[i].Succeed(result);
        }
    }

    private Dictionary<Guid, int> IndexesByKey()
    {
        var indexes = new Dictionary<Guid, int>(writes.Count);
        for (var i = 0; i < writes.Count; i++)
            indexes.Add(writes[i].Key, i);
        return indexes;
    }
}
