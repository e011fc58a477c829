using Npgsql;
using OrderSystem.Messaging.Outbox;

namespace OrderSystem.Messaging.Persistence;

/// <summary>
/// One kind of write: a statement over arrays that takes any number of rows at once. Its statement must return exactly one row for each
/// row that it was given, led by the id that <see cref="KeyOf"/> names.
/// </summary>
/// <remarks>
/// Rows of a table are found with <c>= ANY ($n)</c> beside the join with the arrays: the planner, which knows the size of neither, would join by
/// reading all of the table.
/// </remarks>
/// <typeparam name="TRow">What one caller wants written.</typeparam>
/// <typeparam name="TResult">What that caller gets back.</typeparam>
/// <param name="name">Name of the write in traces and logs, kebab-case.</param>
/// <param name="sql">The statement.</param>
public abstract class GroupWrite<TRow, TResult>(string name, string sql)
{
    /// <summary>Name of the write in traces and logs.</summary>
    public string Name { get; } = name;

    internal string Sql { get; } = sql;

    /// <summary>
    /// Writes one row in the transaction of the connection, beside other rows of the caller's. What is written often goes through the
    /// <see cref="GroupCommitter"/>; an event that is written here waits in the outbox for the next look of a relay.
    /// </summary>
    public async Task<TResult> WriteAsync(NpgsqlConnection connection, TRow row, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        AddParameters(command.Parameters, [row]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader, row) : throw new InvalidOperationException($"The statement of '{Name}' answered nothing.");
    }

    /// <summary>Whether the statement returns a row for each row that it was given. One that only deletes need not.</summary>
    protected internal virtual bool Answers => true;

    /// <summary>The order that the row is about. Two writes to one order never share a transaction, so no statement meets a row twice; an empty id may meet any.</summary>
    protected internal abstract Guid KeyOf(TRow row);

    /// <summary>Adds the arrays of the statement.</summary>
    protected internal abstract void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<TRow> rows);

    /// <summary>Reads what became of one row; the reader stands on the row whose first column is its key.</summary>
    protected internal abstract TResult Read(NpgsqlDataReader reader, TRow row);

    /// <summary>The event that was stored with the row, if its result says that one was.</summary>
    protected internal virtual StoredEvent? EventOf(TRow row, TResult result) => null;
}
