using System.Diagnostics.Metrics;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Telemetry;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary>Findings and age of the last reconciliation. Without one there are no findings, and no age.</summary>
internal sealed class ReconciliationGauges : DatabaseGauges<ReconciliationGauges.Sample>
{
    /// <summary>The last entry of the primary key.</summary>
    internal const string Query =
        """
        SELECT extract(epoch FROM now() - r.at)::float8, (r.findings ->> 'missingHere')::bigint, (r.findings ->> 'missingThere')::bigint,
            (r.findings ->> 'otherAmount')::bigint, (r.findings ->> 'otherCurrency')::bigint, (r.findings ->> 'duplicate')::bigint
        FROM (SELECT) AS one LEFT JOIN (SELECT at, findings FROM reconciliations ORDER BY id DESC LIMIT 1) AS r ON true
        """;

    public ReconciliationGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<ReconciliationGauges> logger)
        : base(database, Query, time, logger)
    {
        var meter = meters.Create(PaymentTelemetry.Name);
        meter.CreateObservableGauge(
            "ordersystem.reconciliation.findings",
            () => ReconciliationResult.Kinds.SelectMany(
                (kind, index) => Measure(sample => sample.Findings[index], new KeyValuePair<string, object?>("kind", kind))),
            "{finding}", "Findings of the last reconciliation with the provider's report.");
        meter.CreateObservableGauge(
            "ordersystem.reconciliation.age",
            () => Measure(sample => sample.Age ?? 0).Where(age => age.Value > 0), "s",
            "Time since the last reconciliation; absent before the first one.");
    }

    protected override Sample Read(NpgsqlDataReader row) => new(
        row.IsDBNull(0) ? null : row.GetDouble(0),
        [.. Enumerable.Range(1, ReconciliationResult.Kinds.Length).Select(column => row.IsDBNull(column) ? 0 : row.GetInt64(column))]);

    internal sealed record Sample(double? Age, long[] Findings);
}
