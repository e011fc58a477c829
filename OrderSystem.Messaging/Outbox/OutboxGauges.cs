using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Telemetry;

namespace OrderSystem.Messaging.Outbox;

/// <summary>
/// Depth and age of the outbox: the first figures to look at when orders do not move. Counts are bounded, so that a long queue does
/// not make them expensive.
/// </summary>
internal sealed class OutboxGauges : DatabaseGauges<OutboxGauges.Sample>
{
    /// <summary>
    /// Order ids are time-ordered, so the oldest events are among those of the oldest orders. If all of these are parked, the event that is
    /// due for longest gives a lower bound.
    /// </summary>
    internal const string Query =
        """
        SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE parked_at IS NULL LIMIT 100000) AS waiting),
            (SELECT count(*) FROM (SELECT FROM outbox WHERE parked_at IS NOT NULL LIMIT 100000) AS parked),
            greatest(0, extract(epoch FROM now() - coalesce(
                (SELECT min((SELECT occurred_at FROM events e WHERE e.order_id = o.order_id AND e.version = o.version)) FROM (
                    SELECT order_id, version FROM (
                        SELECT order_id, version, parked_at FROM outbox ORDER BY order_id, version LIMIT 100000) AS first
                    WHERE parked_at IS NULL LIMIT 10000) AS o),
                (SELECT min(available_at) FROM outbox WHERE parked_at IS NULL))))::float8
        """;

    public OutboxGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<OutboxGauges> logger)
        : base(database, Query, time, logger)
    {
        var meter = meters.Create(MessagingTelemetry.Name);
        meter.CreateObservableGauge(
            "ordersystem.outbox.depth", () => Measure(sample => sample.Waiting), "{event}",
            "Events waiting to be published; 100,000 means as many or more.");
        meter.CreateObservableGauge(
            "ordersystem.outbox.parked", () => Measure(sample => sample.Parked), "{event}",
            "Parked events, which can never be published and block their orders; 100,000 means as many or more.");
        meter.CreateObservableGauge(
            "ordersystem.outbox.oldest.age", () => Measure(sample => sample.OldestAge), "s",
            "Age of the oldest event waiting to be published; 0 when there is none.");
    }

    protected override Sample Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetDouble(2));

    internal sealed record Sample(long Waiting, long Parked, double OldestAge);
}
