using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>For how long the oldest payment has waited for a person. Measured over the index of reviews.</summary>
internal sealed class ReviewGauge : SampledGauges<ReviewGauge.Sample>
{
    private readonly NpgsqlDataSource database;

    public ReviewGauge(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<ReviewGauge> logger)
        : base(time, logger)
    {
        this.database = database;
        var meter = meters.Create(PaymentTelemetry.Name);
        meter.CreateObservableGauge(
            "ordersystem.payments.review.oldest", () => Measure(sample => sample.OldestAge), "s", "Age of the oldest review of a payment; 0 when none waits for a person.");
    }

    protected override async Task<Sample?> SampleAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT coalesce(greatest(0, extract(epoch FROM now() - min(updated_at))), 0)::float8 FROM payments WHERE status = 'review'");
        return new((double)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    internal sealed record Sample(double OldestAge);
}
