using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Telemetry;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Age of the oldest manual review, of the oldest cancellation without a refund, of the oldest payment that the provider is processing, and
/// of the oldest refund of a paid order that the provider has not accepted yet, or that is in review. Each is the first entry of an index.
/// </summary>
internal sealed class PaymentGauges : DatabaseGauges<PaymentGauges.Sample>
{
    /// <summary>A refund that the provider has refused, and is in review, still waits.</summary>
    internal const string Query =
        """
        SELECT greatest(0, extract(epoch FROM now() - (SELECT min(updated_at) FROM payments WHERE status = 'review')))::float8,
            greatest(0, extract(epoch FROM now() - (
                SELECT min(cancelled_at) FROM payments WHERE status IN ('refunding', 'review') AND cancelled_at IS NOT NULL)))::float8,
            greatest(0, extract(epoch FROM now() - (SELECT min(processing_since) FROM payments WHERE status = 'processing')))::float8,
            greatest(0, extract(epoch FROM now() - (
                SELECT min(created_at) FROM refunds WHERE status = 'pending' AND processing_since IS NULL)))::float8,
            greatest(0, extract(epoch FROM now() - (SELECT min(updated_at) FROM refunds WHERE status = 'review')))::float8
        """;

    public PaymentGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<PaymentGauges> logger)
        : base(database, Query, time, logger)
    {
        var meter = meters.Create(PaymentTelemetry.Name);
        meter.CreateObservableGauge(
            "ordersystem.payments.review.oldest", () => Measure(sample => sample.OldestReview),
            "s", "Age of the oldest manual review of a payment; 0 when there is none.");
        meter.CreateObservableGauge(
            "ordersystem.payments.oldest_refund.age", () => Measure(sample => sample.OldestRefund), "s",
            "Age of the oldest cancellation whose charge is not refunded yet; 0 when there is none.");
        meter.CreateObservableGauge(
            "ordersystem.payments.oldest_processing.age", () => Measure(sample => sample.OldestProcessing), "s",
            "Age of the oldest payment that the provider is processing; 0 when there is none.");
        meter.CreateObservableGauge(
            "ordersystem.refunds.oldest_pending.age", () => Measure(sample => sample.OldestPart), "s",
            "Age of the oldest refund of a paid order that the provider has not accepted yet; 0 when there is none.");
        meter.CreateObservableGauge(
            "ordersystem.refunds.review.oldest", () => Measure(sample => sample.OldestPartReview), "s",
            "Age of the oldest manual review of a refund of a paid order; 0 when there is none.");
    }

    protected override Sample Read(NpgsqlDataReader row) =>
        new(row.GetDouble(0), row.GetDouble(1), row.GetDouble(2), row.GetDouble(3), row.GetDouble(4));

    internal sealed record Sample(
        double OldestReview, double OldestRefund, double OldestProcessing, double OldestPart, double OldestPartReview);
}
