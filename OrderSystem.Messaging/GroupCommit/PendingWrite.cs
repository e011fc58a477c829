namespace OrderSystem.Messaging.GroupCommit;

/// <summary>A write in the commit queue.</summary>
internal abstract class PendingWrite
{
    /// <summary>The order of the write; empty when it may share a transaction with any other.</summary>
    internal abstract Guid Key { get; }

    /// <summary>Writes of one kind share a statement.</summary>
    internal abstract BatchedWrite Kind { get; }

    /// <summary>Its caller has timed out before its turn, or it has failed.</summary>
    internal abstract bool IsAbandoned { get; }

    /// <summary>It is committed and its caller has the result.</summary>
    internal abstract bool Succeeded { get; }

    internal abstract PendingStatement NewStatement();

    internal abstract void Fail(Exception failure);
}

/// <inheritdoc/>
internal sealed class PendingWrite<TRow, TResult>(BatchedWrite<TRow, TResult> kind, TRow row) : PendingWrite
{
    private readonly TaskCompletionSource<TResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal TRow Row => row;

    internal Task<TResult> Completion => completion.Task;

    internal override Guid Key { get; } = kind.KeyOf(row);

    internal override BatchedWrite Kind => kind;

    internal override bool IsAbandoned => completion.Task.IsCompleted;

    internal override bool Succeeded => completion.Task.IsCompletedSuccessfully;

    internal override PendingStatement NewStatement() => new PendingStatement<TRow, TResult>(kind);

    internal void Succeed(TResult result) => completion.TrySetResult(result);

    internal override void Fail(Exception failure) => completion.TrySetException(failure);
}
