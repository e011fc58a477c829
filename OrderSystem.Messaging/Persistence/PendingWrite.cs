using Npgsql;
using OrderSystem.Messaging.Outbox;

namespace OrderSystem.Messaging.Persistence;

/// <summary>A write that waits for its commit.</summary>
internal abstract class PendingWrite
{
    /// <summary>The order that the write is about; empty when it may share a transaction with anything.</summary>
    internal abstract Guid Key { get; }

    /// <summary>The <see cref="GroupWrite{TRow,TResult}"/>; writes of one kind go into one statement.</summary>
    internal abstract object Kind { get; }

    /// <summary>Nobody waits for it any more: it was given up before its turn came.</summary>
    internal abstract bool IsGivenUp { get; }

    /// <summary>It is committed and its caller answered.</summary>
    internal abstract bool Succeeded { get; }

    internal abstract IStatement NewStatement();

    internal abstract void Fail(Exception failure);
}

/// <inheritdoc/>
internal sealed class PendingWrite<TRow, TResult>(GroupWrite<TRow, TResult> kind, TRow row) : PendingWrite
{
    private readonly TaskCompletionSource<TResult> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal TRow Row => row;

    internal Task<TResult> Outcome => outcome.Task;

    internal override Guid Key { get; } = kind.KeyOf(row);

    internal override object Kind => kind;

    internal override bool IsGivenUp => outcome.Task.IsCompleted;

    internal override bool Succeeded => outcome.Task.IsCompletedSuccessfully;

    internal override IStatement NewStatement() => new Statement<TRow, TResult>(kind);

    internal void Succeed(TResult result) => outcome.TrySetResult(result);

    internal override void Fail(Exception failure) => outcome.TrySetException(failure);
}

/// <summary>The writes of one kind within one transaction.</summary>
internal interface IStatement
{
    /// <summary>Whether it returns rows.</summary>
    bool Answers { get; }

    void Add(PendingWrite write);

    NpgsqlBatchCommand ToCommand();

    Task ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken);

    /// <summary>Answers the callers, after the commit.</summary>
    void Succeed(Action<StoredEvent> committed);
}

/// <inheritdoc/>
internal sealed class Statement<TRow, TResult>(GroupWrite<TRow, TResult> kind) : IStatement
{
    private readonly List<PendingWrite<TRow, TResult>> writes = [];
    private readonly List<TRow> rows = [];
    private TResult[] results = [];

    public bool Answers => kind.Answers;

    public void Add(PendingWrite write)
    {
        var typed = (PendingWrite<TRow, TResult>)write;
        writes.Add(typed);
        rows.Add(typed.Row);
    }

    public NpgsqlBatchCommand ToCommand()
    {
        var command = new NpgsqlBatchCommand(kind.Sql);
        kind.AddParameters(command.Parameters, rows);
        return command;
    }

    public async Task ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        results = new TResult[rows.Count];
        var read = 0;

        // Rows come back in any order. One row needs no map to be found again.
        var places = rows.Count == 1 ? null : Places();
        while (await reader.ReadAsync(cancellationToken))
        {
            var place = places is null ? 0 : places[reader.GetGuid(0)];
            results[place] = kind.Read(reader, rows[place]);
            read++;
        }

        if (read != rows.Count)
            throw new InvalidOperationException($"The statement of '{kind.Name}' answered {read} rows for {rows.Count}.");
    }

    public void Succeed(Action<StoredEvent> committed)
    {
        for (var i = 0; i < writes.Count; i++)
        {
            var result = kind.Answers ? results[i] : default!;
            if (kind.EventOf(rows[i], result) is { } stored)
                committed(stored);
            writes[i].Succeed(result);
        }
    }

    private Dictionary<Guid, int> Places()
    {
        var places = new Dictionary<Guid, int>(writes.Count);
        for (var i = 0; i < writes.Count; i++)
            places.Add(writes[i].Key, i);
        return places;
    }
}
