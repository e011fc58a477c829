using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>For how long the oldest payment has waited for a person, and the oldest cancelled order for its money. Either is the first entry of an index.</summary>
internal sealed class PaymentGauges : SampledGauges<PaymentGauges.Sample>
{
    /// <summary>A refund waits also when the provider has refused it.</summary>
    internal const string Query =
        """
        SELECT greatest(0, extract(epoch FROM now() - (SELECT min(updated_at) FROM payments WHERE status = 'review')))::float8,
            greatest(0, extract(epoch FROM now() - (SELECT min(cancelled_at) FROM payments WHERE status IN ('refunding', 'review') AND cancelled_at IS NOT NULL)))::float8
        """;

    private readonly NpgsqlDataSource database;

    public PaymentGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<PaymentGauges> logger)
        : base(time, logger)
    {
        this.database = database;
        var meter = meters.Create(PaymentTelemetry.Name);
        meter.CreateObservableGauge(
            "ordersystem.payments.review.oldest", () => Measure(sample => sample.OldestReview), "s", "Age of the oldest review of a payment; 0 when none waits for a person.");
        meter.CreateObservableGauge(
            "ordersystem.payments.oldest_refund.age", () => Measure(sample => sample.OldestRefund), "s",
            "Age of the oldest cancellation whose charge is not yet given back; 0 when there is none.");
    }

    protected override async Task<Sample?> SampleAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Query);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new(reader.GetDouble(0), reader.GetDouble(1));
    }

    internal sealed record Sample(double OldestReview, double OldestRefund);
}
