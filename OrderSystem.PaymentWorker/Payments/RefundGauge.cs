using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>For how long the oldest cancelled order has waited for its money, also when its refund was refused. Measured over the indexes of open payments and of reviews.</summary>
internal sealed class RefundGauge : SampledGauges<RefundGauge.Sample>
{
    private readonly NpgsqlDataSource database;

    public RefundGauge(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<RefundGauge> logger)
        : base(time, logger)
    {
        this.database = database;
        var meter = meters.Create(PaymentTelemetry.Name);
        meter.CreateObservableGauge(
            "ordersystem.payments.oldest_refund.age", () => Measure(sample => sample.OldestAge), "s",
            "Age of the oldest cancellation whose charge is not yet given back; 0 when there is none.");
    }

    protected override async Task<Sample?> SampleAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT coalesce(greatest(0, extract(epoch FROM now() - min(cancelled_at))), 0)::float8 FROM (
                SELECT cancelled_at FROM payments WHERE status IN ('charging', 'unknown', 'refunding') AND status = 'refunding'
                UNION ALL
                SELECT cancelled_at FROM payments WHERE status = 'review' AND cancelled_at IS NOT NULL) AS open
            """);
        return new((double)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    internal sealed record Sample(double OldestAge);
}
