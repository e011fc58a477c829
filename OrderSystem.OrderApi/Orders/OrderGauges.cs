using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.OrderApi.Orders;

/// <summary>
/// Number of open orders and refunds, and age of the oldest. Counts are bounded, over indexes without what is paid or refunded.
/// </summary>
internal sealed class OrderGauges : DatabaseGauges<OrderGauges.Sample>
{
    internal const string Query =
        """
        SELECT (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'pending' LIMIT 100000) AS pending),
            (SELECT count(*) FROM (SELECT FROM orders WHERE status = 'manualReview' LIMIT 100000) AS in_review),
            greatest(0, extract(epoch FROM now() - (SELECT created_at FROM orders WHERE status = 'pending' ORDER BY id LIMIT 1)))::float8,
            (SELECT count(*) FROM (SELECT FROM refunds WHERE status = 'pending' LIMIT 100000) AS refunds),
            greatest(0, extract(epoch FROM now() - (
                SELECT created_at FROM refunds WHERE status = 'pending' ORDER BY created_at LIMIT 1)))::float8
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
        meter.CreateObservableGauge(
            "ordersystem.orders.refunds.open", () => Measure(sample => sample.Refunds), "{refund}",
            "Requested refunds of paid orders without an outcome; 100,000 means as many or more.");
        meter.CreateObservableGauge(
            "ordersystem.orders.refunds.oldest_open.age", () => Measure(sample => sample.OldestRefundAge), "s",
            "Age of the oldest of them; 0 when there is none.");
    }

    protected override Sample Read(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetDouble(2), row.GetInt64(3), row.GetDouble(4));

    internal sealed record Sample(long Pending, long ManualReview, double OldestAge, long Refunds, double OldestRefundAge);
}
