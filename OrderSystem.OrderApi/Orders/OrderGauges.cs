using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.OrderApi.Orders;

/// <summary>Number of open orders and age of the oldest. Counts are bounded, over an index without paid orders.</summary>
internal sealed class OrderGauges : DatabaseGauges<OrderGauges.Sample>
{
    internal const string Query =
        """
        SELECT (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'pending' LIMIT 100000) AS pending),
            (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'manualReview' LIMIT 100000) AS in_review),
            greatest(0, extract(epoch FROM now() - (SELECT created_at FROM orders WHERE status = 'pending' ORDER BY id LIMIT 1)))::float8
        """;

    private static readonly KeyValuePair<string, object?> Pending = new("order.status", OrderStatus.Pending.ToName());
    private static readonly KeyValuePair<string, object?> ManualReview = new("order.status", OrderStatus.ManualReview.ToName());
    public OrderGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<OrderGauges> logger)
        : base(database, Query, time, logger)
    {
        var meter = meters.Create(OrderMetrics.MeterName);
        meter.CreateObservableGauge(
            "ordersystem.orders.open",
            () => Measure(sample => sample.Pending, Pending).Concat(Measure(sample => sample.ManualReview, ManualReview)),
            "{order}", "Open orders by status; 100,000 means as many or more.");
        meter.CreateObservableGauge(
            "ordersystem.orders.oldest_pending.age", () => Measure(sample => sample.OldestAge),
            "s", "Age of the oldest pending order; 0 when there is none.");
    }

    protected override Sample Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetDouble(2));

    internal sealed record Sample(long Pending, long ManualReview, double OldestAge);
}
