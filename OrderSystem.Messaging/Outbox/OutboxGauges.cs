using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Npgsql;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.Messaging.Outbox;

/// <summary>How much waits in the outbox and for how long: the first figures to look at when orders do not move.</summary>
internal sealed class OutboxGauges : SampledGauges<OutboxGauges.Sample>
{
    private readonly NpgsqlDataSource database;

    public OutboxGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<OutboxGauges> logger)
        : base(time, logger)
    {
        this.database = database;
        var meter = meters.Create(MessagingTelemetry.Name);
        meter.CreateObservableGauge("ordersystem.outbox.depth", () => Measure(sample => sample.Waiting), "{event}", "Events that wait to be published.");
        meter.CreateObservableGauge("ordersystem.outbox.parked", () => Measure(sample => sample.Parked), "{event}", "Events that can never be published and hold up their orders.");
        meter.CreateObservableGauge("ordersystem.outbox.oldest.age", () => Measure(sample => sample.OldestAge), "s", "Age of the oldest event that waits to be published; 0 when none does.");
    }

    /// <summary>Order ids are made in the order of time, so that the oldest events are among those of the oldest orders: no need to read a long queue whole.</summary>
    protected override async Task<Sample?> SampleAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT count(*) FILTER (WHERE parked_at IS NULL), count(*) FILTER (WHERE parked_at IS NOT NULL),
                (SELECT greatest(0, extract(epoch FROM now() - min(occurred_at)))::float8
                 FROM (SELECT order_id, version FROM outbox WHERE parked_at IS NULL ORDER BY order_id LIMIT 10000) AS first JOIN events USING (order_id, version))
            FROM outbox
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return Read(reader);
    }

    private static Sample Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? 0 : row.GetDouble(2));

    internal sealed record Sample(long Waiting, long Parked, double OldestAge);
}
