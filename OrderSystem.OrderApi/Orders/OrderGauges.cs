using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.OrderApi.Orders;

/// <summary>Orders that have not ended: how many, and for how long the oldest has waited. Measured over an index that holds no paid order.</summary>
internal sealed class OrderGauges : SampledGauges<OrderGauges.Sample>
{
    private static readonly KeyValuePair<string, object?> Pending = new("order.status", OrderStatus.Pending.ToName());
    private static readonly KeyValuePair<string, object?> ManualReview = new("order.status", OrderStatus.ManualReview.ToName());
    private readonly NpgsqlDataSource database;

    public OrderGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<OrderGauges> logger)
        : base(time, logger)
    {
        this.database = database;
        var meter = meters.Create(OrderMetrics.MeterName);
        meter.CreateObservableGauge(
            "ordersystem.orders.open", () => Measure(sample => sample.Pending, Pending).Concat(Measure(sample => sample.ManualReview, ManualReview)),
            "{order}", "Orders that have not ended, by status.");
        meter.CreateObservableGauge(
            "ordersystem.orders.oldest_pending.age", () => Measure(sample => sample.OldestAge), "s", "Age of the oldest pending order; 0 when there is none.");
    }

    protected override async Task<Sample?> SampleAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT (SELECT count(*) FROM orders WHERE status = 'pending'), (SELECT count(*) FROM orders WHERE status = 'manualReview'),
                (SELECT greatest(0, extract(epoch FROM now() - created_at))::float8 FROM orders WHERE status = 'pending' ORDER BY id LIMIT 1)
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return Read(reader);
    }

    private static Sample Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? 0 : row.GetDouble(2));

    internal sealed record Sample(long Pending, long ManualReview, double OldestAge);
}
