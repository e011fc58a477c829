using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Operations;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>A recorded operator action.</summary>
internal sealed record OperatorAction(string Action, string By, DateTimeOffset At, string Detail, string? TraceId)
{
    internal const string Requery = "requery";
    internal const string Resolve = "resolve";
    internal const string Pause = "pause";
    internal const string Resume = "resume";
    internal const string ReplayWebhook = "replay-webhook";
    internal const string DiscardWebhook = "discard-webhook";

    /// <summary>Selects what <see cref="Read"/> reads; $1 is the order.</summary>
    internal const string OfOrder = "SELECT action, by, at, detail, trace_id FROM operator_actions WHERE order_id = $1 ORDER BY id";

    /// <summary>Reads one row of <see cref="OfOrder"/>.</summary>
    internal static OperatorAction Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2),
        row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4));

    /// <summary>Inserts a row, in the transaction of the connection if it has one.</summary>
    internal static async Task AddAsync(
        NpgsqlConnection connection, Guid? orderId, string action, Operator by, string detail, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "INSERT INTO operator_actions (order_id, action, by, detail, trace_id) VALUES ($1, $2, $3, $4, $5)", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)orderId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = action });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{by}" });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = detail });
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = (object?)Activity.Current?.TraceId.ToHexString() ?? DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.Text,
        });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
