using NATS.Client.Core;
using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.DeadLetters;
using OrderSystem.OrderApi.Orders;

namespace OrderSystem.OrderApi.Timeline;

/// <summary>This service's part of the timeline of an order.</summary>
internal sealed record OrderHistory(
    string Status, string? Reason, decimal Total, string Currency,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, IReadOnlyList<TimelineEvent> Events, IReadOnlyList<Redriven> Redriven)
{
    internal Refund? Refund { get; init; }

    internal IReadOnlyList<RecordedRefund> Refunds { get; init; } = [];
}

/// <summary>A refund of a paid order, with its reference at the provider, which is for the timeline alone.</summary>
internal sealed record RecordedRefund(OrderRefund Refund, string? ProviderReference);

/// <summary>Reads the history of an order from this service's database and stream DEAD_LETTERS.</summary>
internal sealed class TimelineReader(NpgsqlDataSource database, DeadLetterStream letters)
{
    internal async Task<OrderHistory?> OrderAsync(Guid id, string? client, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(Command(
            $"SELECT {Order.ShownStatus}, reason, total, currency, created_at, updated_at, {Refund.Columns} FROM orders "
            + "WHERE id = $1 AND ($2 IS NULL OR client_id = $2)",
            new NpgsqlParameter<Guid> { TypedValue = id },
            new NpgsqlParameter { Value = (object?)client ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }));
        batch.BatchCommands.Add(Command(TimelineEvent.OfOrder, new NpgsqlParameter<Guid> { TypedValue = id }));
        batch.BatchCommands.Add(Command(Redriven.OfOrder, new NpgsqlParameter<Guid> { TypedValue = id }));
        batch.BatchCommands.Add(Command(OrderRefund.OfOrder, new NpgsqlParameter<Guid> { TypedValue = id }));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            return null;
        var order = ReadOrder(row);
        await row.NextResultAsync(cancellationToken);
        var events = new List<TimelineEvent>();
        while (await row.ReadAsync(cancellationToken))
            events.Add(TimelineEvent.Read(row));
        await row.NextResultAsync(cancellationToken);
        var redriven = new List<Redriven>();
        while (await row.ReadAsync(cancellationToken))
            redriven.Add(Redriven.Read(row));
        await row.NextResultAsync(cancellationToken);
        var refunds = new List<RecordedRefund>();
        while (await row.ReadAsync(cancellationToken))
            refunds.Add(new(OrderRefund.Read(row), OrderRefund.ReadReference(row)));
        return order with { Events = events, Redriven = redriven, Refunds = refunds };
    }

    /// <summary>Which of these events of the payment worker took effect here, and when (from the inbox).</summary>
    internal async Task<List<ProcessedEvent>> ReceivedAsync(IEnumerable<Guid> eventIds, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(ProcessedEvent.OfEvents);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. eventIds] });
        var received = new List<ProcessedEvent>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            received.Add(ProcessedEvent.Read(row));
        return received;
    }

    /// <summary>The dead letters of the order that are neither replayed nor discarded, or why they could not be read.</summary>
    internal async Task<(List<DeadLetter> Letters, string? Why)> DeadLettersAsync(Guid id, CancellationToken cancellationToken)
    {
        try
        {
            return (await letters.ReadAsync(new DeadLetterFilter(OrderId: id), from: 1, cancellationToken)
                .ToListAsync(cancellationToken), null);
        }
        catch (NatsException failure)
        {
            return ([], $"Dead letters could not be read: {failure.Message}");
        }
    }

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    private static OrderHistory ReadOrder(NpgsqlDataReader row) => new(
        row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetDecimal(2), row.GetString(3),
        row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5), [], [])
    {
        Refund = Refund.Read(row, 6),
    };
}
