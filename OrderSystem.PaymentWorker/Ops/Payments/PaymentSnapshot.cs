using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>The state of a payment when an operator decides about it.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The payment.</param>
/// <param name="Status">Its status.</param>
/// <param name="Events">Number of its events; together with the status it detects a concurrent change.</param>
/// <param name="Amount">The order total; null when only the cancellation is known here.</param>
/// <param name="Currency">ISO 4217 code; null with the amount.</param>
/// <param name="TraceParent">The trace of the order.</param>
/// <param name="Unchanged">Time since its last change.</param>
/// <param name="WasCharged">Whether a PaymentSucceeded event exists: then only the refund is open.</param>
internal sealed record PaymentSnapshot(
    Guid OrderId, Guid PaymentId, PaymentStatus Status, int Events, decimal? Amount,
    string? Currency, string? TraceParent, TimeSpan Unchanged, bool WasCharged)
{
    /// <summary>The order with this id, or the one whose payment has it.</summary>
    internal const string OrderOf =
        "(SELECT order_id FROM payments WHERE order_id = $1 UNION ALL SELECT order_id FROM payments WHERE id = $1 LIMIT 1)";

    internal bool IsOpen => Status is PaymentStatus.Charging or PaymentStatus.Unknown or PaymentStatus.Processing
        or PaymentStatus.Refunding or PaymentStatus.Review;

    internal bool IsInReview => Status == PaymentStatus.Review;

    /// <summary>The payment as a look-up needs it.</summary>
    internal Payment Payment => new(OrderId, PaymentId, Amount, Currency, ProviderKey: default, Attempts: 0, FirstAttemptAt: default);

    internal static async Task<PaymentSnapshot?> FindAsync(NpgsqlDataSource database, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await FindAsync(connection, id, isLocked: false, cancellationToken);
    }

    /// <param name="connection">Holds the transaction of the lock.</param>
    /// <param name="id">Id of the order or of its payment.</param>
    /// <param name="isLocked">Whether to lock the row until the end of the transaction.</param>
    /// <param name="cancellationToken">Ends with the request.</param>
    internal static async Task<PaymentSnapshot?> FindAsync(
        NpgsqlConnection connection, Guid id, bool isLocked, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT order_id, id, status, events, amount, currency, traceparent, now() - updated_at,
                EXISTS (SELECT FROM events e WHERE e.order_id = p.order_id AND e.type = $2)
            FROM payments p WHERE order_id = {OrderOf}{(isLocked ? " FOR UPDATE OF p" : "")}
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EventType.Of<PaymentSucceeded>().Name });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    private static PaymentSnapshot Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), PaymentStatuses.Parse(row.GetString(2)), row.GetInt32(3),
        row.IsDBNull(4) ? null : row.GetDecimal(4), row.IsDBNull(5) ? null : row.GetString(5),
        row.IsDBNull(6) ? null : row.GetString(6), row.GetTimeSpan(7), row.GetBoolean(8));
}
