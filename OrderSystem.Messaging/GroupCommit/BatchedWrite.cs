using Npgsql;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.GroupCommit;

/// <summary>What all batched writes have in common.</summary>
public abstract class BatchedWrite
{
    /// <summary>
    /// In the SQL of a write: the array of the keys. Find rows of a table with <c>= ANY ({Keys})</c> beside the join with the
    /// input: the planner knows the size of neither and would join by a sequential scan.
    /// </summary>
    public const string Keys = "$1";

    /// <summary>In the SQL of a write, inside parentheses: selects the input, one row a caller with the declared columns.</summary>
    public const string Rows = "@rows";

    /// <summary>Name of the write in traces and logs, kebab-case.</summary>
    public string Name { get; }

    internal string Sql { get; }

    /// <summary>Whether the statement returns a row for each row of its input. A delete does not.</summary>
    internal bool ReturnsRows { get; }

    internal string SpanName { get; }

    private protected BatchedWrite(string name, string sql, bool returnsRows) =>
        (Name, SpanName, Sql, ReturnsRows) = (name, $"commit {name}", sql, returnsRows);
}

/// <summary>
/// One kind of write: a single SQL statement that takes any number of rows, so that a commit of many callers costs one round trip.
/// </summary>
/// <typeparam name="TRow">What one caller wants written.</typeparam>
/// <typeparam name="TResult">What that caller gets back.</typeparam>
public sealed class BatchedWrite<TRow, TResult> : BatchedWrite
{
    private readonly Columns<TRow> columns;
    private readonly (string Name, Func<TRow, Guid> Value) key;
    private readonly Func<NpgsqlDataReader, TRow, TResult> read;
    private readonly Func<TRow, TResult, StoredEvent?> stored;

    /// <summary>A write whose callers wait for a result.</summary>
    /// <param name="name">Name of the write in traces and logs, kebab-case.</param>
    /// <param name="key">Name and value of the column that leads the input: the order of a row. Two writes to one order never share a
    /// transaction, so no statement meets a row twice.</param>
    /// <param name="input">Declares the other columns of the input.</param>
    /// <param name="sql">The statement. It reads from <see cref="BatchedWrite.Rows"/> and returns exactly one row for each row of the
    /// input, led by its key.</param>
    /// <param name="read">Reads the result of one row.</param>
    /// <param name="stored">The event that the statement stored with the row, if any: the relay of this process
    /// publishes it at once.</param>
    public BatchedWrite(
        string name, (string Name, Func<TRow, Guid> Value) key, Action<Columns<TRow>> input, string sql,
        Func<NpgsqlDataReader, TRow, TResult> read, Func<TRow, TResult, StoredEvent?>? stored = null)
        : this(name, key, new Columns<TRow>(key, input), sql, read, stored, returnsRows: true)
    {
    }

    private BatchedWrite(
        string name, (string Name, Func<TRow, Guid> Value) key, Columns<TRow> columns, string sql,
        Func<NpgsqlDataReader, TRow, TResult> read, Func<TRow, TResult, StoredEvent?>? stored, bool returnsRows)
        : base(name, sql.Replace(Rows, columns.Select, StringComparison.Ordinal), returnsRows) =>
        (this.columns, this.key, this.read, this.stored) = (columns, key, read, stored ?? ((_, _) => null));

    /// <summary>A write without a result, which may share a transaction with any other.</summary>
    internal static BatchedWrite<TRow, TResult> WithoutResult(
        string name, (string Name, Func<TRow, Guid> Value) key, Action<Columns<TRow>> input, string sql) =>
        new(name, key, new Columns<TRow>(key, input), sql, (_, _) => default!, stored: null, returnsRows: false);

    /// <summary>
    /// Writes one row in the transaction of the connection, together with other statements of the caller. A relay publishes an event that
    /// is written here with its next poll.
    /// </summary>
    public async Task<TResult> WriteAsync(NpgsqlConnection connection, TRow row, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        AddParameters(command.Parameters, [row]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? read(reader, row)
            : throw new InvalidOperationException($"The statement of '{Name}' returned no row.");
    }

    /// <summary>The key that no other write of the transaction may have; empty when any may share it.</summary>
    internal Guid KeyOf(TRow row) => ReturnsRows ? key.Value(row) : Guid.Empty;

    internal void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<TRow> rows) => columns.AddTo(parameters, rows);

    internal TResult Read(NpgsqlDataReader reader, TRow row) => read(reader, row);

    internal StoredEvent? StoredWith(TRow row, TResult result) => stored(row, result);
}
