using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>For how long the oldest payment has waited for a person, and the oldest cancelled order for its money. Either is the first entry of an index.</summary>
internal sealed class PaymentGauges : DatabaseGauges<PaymentGauges.Sample>
{
    /// <summary>A refund waits also when the provider has refused it.</summary>
    internal const string Query =
        """
        SELECT greatest(0, extract(epoch FROM now() - (SELECT min(updated_at) FROM payments WHERE status = 'review')))::float8,
            greatest(0, extract(epoch FROM now() - (SELECT min(cancelled_at) FROM payments WHERE status IN ('refunding', 'review') AND cancelled_at IS NOT NULL)))::float8
        """;

    public PaymentGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<PaymentGauges> logger)
        : base(database, Query, time, logger)
    {
        var meter = meters.Create(PaymentTelemetry.Name);
        meter.CreateObservableGauge(
            "ordersystem.payments.review.oldest", () => Measure(sample => sample.OldestReview), "s", "Age of the oldest review of a payment; 0 when none waits for a person.");
        meter.CreateObservableGauge(
            "ordersystem.payments.oldest_refund.age", () => Measure(sample => sample.OldestRefund), "s",
            "Age of the oldest cancellation whose charge is not yet given back; 0 when there is none.");
    }

    protected override Sample Read(NpgsqlDataReader row) => new(row.GetDouble(0), row.GetDouble(1));

    internal sealed record Sample(double OldestReview, double OldestRefund);
}
