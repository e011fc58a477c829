using Npgsql;
using NpgsqlTypes;

namespace OrderSystem.Messaging.GroupCommit;

/// <summary>
/// The input of a batched write: one array parameter a column, one element a row. The statement refers to columns by name.
/// </summary>
/// <typeparam name="TRow">What one caller wants written.</typeparam>
public sealed class Columns<TRow>
{
    private readonly List<string> names = [];
    private readonly List<Func<IReadOnlyList<TRow>, NpgsqlParameter>> parameters = [];

    /// <summary>Declares the key, which comes first, and the other columns.</summary>
    internal Columns((string Name, Func<TRow, Guid> Value) key, Action<Columns<TRow>> others)
    {
        Add(key.Name, NpgsqlDbType.Uuid, key.Value);
        others(this);
    }

    /// <summary>Selects the input as a table.</summary>
    internal string Select =>
        $"SELECT * FROM unnest({string.Join(", ", names.Select((_, index) => $"${index + 1}"))}) AS input ({string.Join(", ", names)})";

    /// <summary>Adds a column.</summary>
    /// <param name="name">Name in the statement.</param>
    /// <param name="type">Type of an element.</param>
    /// <param name="value">Value of one row; null is NULL.</param>
    public Columns<TRow> Add<TValue>(string name, NpgsqlDbType type, Func<TRow, TValue> value)
    {
        names.Add(name);
        parameters.Add(
            rows => new NpgsqlParameter<TValue[]> { TypedValue = Values(rows, value), NpgsqlDbType = NpgsqlDbType.Array | type });
        return this;
    }

    internal void AddTo(NpgsqlParameterCollection collection, IReadOnlyList<TRow> rows)
    {
        foreach (var parameter in parameters)
            collection.Add(parameter(rows));
    }

    private static TValue[] Values<TValue>(IReadOnlyList<TRow> rows, Func<TRow, TValue> value)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = value(rows[i]);
        return values;
    }
}
