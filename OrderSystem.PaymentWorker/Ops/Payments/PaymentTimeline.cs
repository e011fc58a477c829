using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>
/// <c>GET /ops/payments/{id}?received=…</c>: a payment with its history, for operators and for the timeline of the order API.
/// </summary>
internal static class PaymentTimeline
{
    private const int MaxReceived = 100;

    /// <param name="id">Id of the order or of its payment.</param>
    /// <param name="received">Ids of the order's own events, separated by commas; the answer says which took effect here.</param>
    /// <param name="database">The database of this service.</param>
    /// <param name="cancellationToken">Ends with the request.</param>
    internal static async Task<Results<JsonHttpResult<PaymentHistory>, ProblemHttpResult>> HandleAsync(
        Guid id, string? received, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var ids = new List<Guid>();
        foreach (var part in received?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            if (!Guid.TryParse(part, CultureInfo.InvariantCulture, out var one) || ids.Count == MaxReceived)
            {
                return TypedResults.Problem(
                    $"received must be at most {MaxReceived} ids, separated by commas.", statusCode: StatusCodes.Status400BadRequest);
            }

            ids.Add(one);
        }

        return TypedResults.Json(await ReadAsync(database, id, ids, cancellationToken), PaymentsJson.Default.PaymentHistory);
    }

    /// <param name="database">The database of this service.</param>
    /// <param name="id">Id of the order or of its payment.</param>
    /// <param name="received">Ids of the order's own events; the result says which took effect here.</param>
    /// <param name="cancellationToken">Ends with the request.</param>
    internal static async Task<PaymentHistory> ReadAsync(
        NpgsqlDataSource database, Guid id, IReadOnlyList<Guid> received, CancellationToken cancellationToken)
    {
        var orderId = (await PaymentSnapshot.FindAsync(database, id, cancellationToken))?.OrderId ?? id;

        // Read through to_jsonb, columns that an older schema lacks are null (rolling upgrade).
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(Command(
            """
            SELECT id, status, attempts, amount, currency, provider_reference, to_jsonb(p) ->> 'refund_reference', reason,
                   created_at, updated_at, to_jsonb(p) ->> 'calls', refunded_total
            FROM payments p WHERE order_id = $1
            """,
            new NpgsqlParameter<Guid> { TypedValue = orderId }));
        batch.BatchCommands.Add(Command(TimelineEvent.OfOrder, new NpgsqlParameter<Guid> { TypedValue = orderId }));
        batch.BatchCommands.Add(Command(ProcessedEvent.OfEvents, new NpgsqlParameter<Guid[]> { TypedValue = [.. received] }));
        batch.BatchCommands.Add(Command(Redriven.OfOrder, new NpgsqlParameter<Guid> { TypedValue = orderId }));
        batch.BatchCommands.Add(Command(OperatorAction.OfOrder, new NpgsqlParameter<Guid> { TypedValue = orderId }));
        batch.BatchCommands.Add(Command(ListedRefund.OfOrder, new NpgsqlParameter<Guid> { TypedValue = orderId }));

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        var payment = await row.ReadAsync(cancellationToken) ? ReadPayment(row) : null;
        await row.NextResultAsync(cancellationToken);
        var events = new List<TimelineEvent>();
        while (await row.ReadAsync(cancellationToken))
            events.Add(TimelineEvent.Read(row));
        await row.NextResultAsync(cancellationToken);
        var deliveries = new List<ProcessedEvent>();
        while (await row.ReadAsync(cancellationToken))
            deliveries.Add(ProcessedEvent.Read(row));
        await row.NextResultAsync(cancellationToken);
        var redriven = new List<Redriven>();
        while (await row.ReadAsync(cancellationToken))
            redriven.Add(Redriven.Read(row));
        await row.NextResultAsync(cancellationToken);
        var actions = new List<OperatorAction>();
        while (await row.ReadAsync(cancellationToken))
            actions.Add(OperatorAction.Read(row));
        await row.NextResultAsync(cancellationToken);
        var refunds = new List<ListedRefund>();
        while (await row.ReadAsync(cancellationToken))
            refunds.Add(ListedRefund.Read(row));
        if (refunds.Count > 0)
            payment = payment! with { Refunds = refunds };
        return new(orderId, payment, events, deliveries, redriven, actions);
    }

    private static NpgsqlBatchCommand Command(string sql, NpgsqlParameter parameter) => new(sql) { Parameters = { parameter } };

    private static PaymentState ReadPayment(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetInt32(2), row.IsDBNull(3) ? null : row.GetDecimal(3),
        Text(row, 4), Text(row, 5), Text(row, 6), Text(row, 7),
        row.GetFieldValue<DateTimeOffset>(8), row.GetFieldValue<DateTimeOffset>(9), ProviderCall.FromJson(Text(row, 10)))
    {
        RefundedTotal = row.GetDecimal(11) is > 0 and var total ? total : null,
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

internal sealed record PaymentHistory(
    Guid OrderId, PaymentState? Payment, IReadOnlyList<TimelineEvent> Events,
    IReadOnlyList<ProcessedEvent> Received, IReadOnlyList<Redriven> Redriven, IReadOnlyList<OperatorAction> Actions);

internal sealed record PaymentState(
    Guid Id, string Status, int Attempts, decimal? Amount, string? Currency,
    string? ProviderReference, string? RefundReference, string? Reason,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, IReadOnlyList<ProviderCall> Calls)
{
    /// <summary>What was refunded of a paid order; null when nothing was.</summary>
    public decimal? RefundedTotal { get; init; }

    /// <summary>The refunds of a paid order; null when there are none.</summary>
    public IReadOnlyList<ListedRefund>? Refunds { get; init; }
}
