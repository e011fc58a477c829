using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Operations;

namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary>A recorded operator action on a dead letter.</summary>
internal sealed record DeadLetterAction(
    ulong Sequence, string Consumer, string Reason, DateTimeOffset DeadSince,
    string Action, string By, DateTimeOffset At, string Result, string? TraceId);

/// <summary>The append-only audit log of operator actions on dead letters.</summary>
internal sealed class DeadLetterActions(NpgsqlDataSource database, TimeProvider time)
{
    internal const string Replay = "replay";
    internal const string Discard = "discard";

    private const string Columns = "dead_letter_sequence, consumer, reason, dead_since, action, by, at, result, trace_id";

    internal async Task RecordAsync(DeadLetter letter, string action, Operator by, string result, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"INSERT INTO dead_letter_actions ({Columns}, event_id, order_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
        Add<long>(command, (long)letter.Sequence, NpgsqlDbType.Bigint);
        Add(command, letter.Consumer, NpgsqlDbType.Text);
        Add(command, letter.Reason, NpgsqlDbType.Text);
        Add(command, letter.At.UtcDateTime, NpgsqlDbType.TimestampTz);
        Add(command, action, NpgsqlDbType.Text);
        Add(command, $"{by}", NpgsqlDbType.Text);
        Add(command, time.GetUtcNow().UtcDateTime, NpgsqlDbType.TimestampTz);
        Add(command, result, NpgsqlDbType.Text);

        // A replay continues the trace of its event; without a request of its own (command line) it is recorded under that trace.
        Add(command, Activity.Current?.TraceId.ToHexString() ?? letter.TraceId, NpgsqlDbType.Text);
        Add(command, letter.EventId, NpgsqlDbType.Uuid);
        Add(command, letter.OrderId, NpgsqlDbType.Uuid);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    internal Task<List<DeadLetterAction>> OfLetterAsync(ulong sequence, CancellationToken cancellationToken) =>
        ReadAsync("dead_letter_sequence = $1", (long)sequence, NpgsqlDbType.Bigint, cancellationToken);

    internal Task<List<DeadLetterAction>> OfOrderAsync(Guid orderId, CancellationToken cancellationToken) =>
        ReadAsync("order_id = $1", orderId, NpgsqlDbType.Uuid, cancellationToken);

    private async Task<List<DeadLetterAction>> ReadAsync<T>(
        string condition, T value, NpgsqlDbType type, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM dead_letter_actions WHERE {condition} ORDER BY id");
        Add(command, value, type);
        var actions = new List<DeadLetterAction>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            actions.Add(Read(row));
        return actions;
    }

    private static DeadLetterAction Read(NpgsqlDataReader row) => new(
        (ulong)row.GetInt64(0), row.GetString(1), row.GetString(2),
        row.GetFieldValue<DateTimeOffset>(3), row.GetString(4), row.GetString(5),
        row.GetFieldValue<DateTimeOffset>(6), row.GetString(7), row.IsDBNull(8) ? null : row.GetString(8));

    private static void Add<T>(NpgsqlCommand command, T value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = type });
}
