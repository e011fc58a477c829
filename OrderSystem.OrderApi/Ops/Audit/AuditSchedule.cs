using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.OrderApi.Orders;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>
/// Runs the audit every so often, in one instance at a time, and reports what the last one found as a metric that can be alerted on. A result
/// is reported for two periods: after that another instance has a newer one, or there is none.
/// </summary>
internal sealed partial class AuditSchedule : PeriodicService
{
    private const long AdvisoryLock = 0x6F726465725F6175;
    private readonly Auditor auditor;
    private readonly NpgsqlDataSource database;
    private readonly TimeSpan? period;
    private readonly TimeProvider time;
    private readonly ILogger<AuditSchedule> logger;
    private Found? last;
    private Found? conclusive;

    public AuditSchedule(IMeterFactory meters, Auditor auditor, NpgsqlDataSource database, IOptions<AuditOptions> options, TimeProvider time, ILogger<AuditSchedule> logger)
        : base(options.Value.Every, time)
    {
        (this.auditor, this.database, period, this.time, this.logger) = (auditor, database, options.Value.Every, time, logger);
        var meter = meters.Create(OrderMetrics.MeterName);
        meter.CreateObservableGauge("ordersystem.audit.disagreements", () => Measure(found => found.Disagreements), "{disagreement}", "Disagreements that the last scheduled audit found.");
        meter.CreateObservableGauge("ordersystem.audit.unchecked", () => Measure(found => found.Unchecked), "{check}", "Checks that the last scheduled audit could not make.");
        meter.CreateObservableGauge(
            "ordersystem.audit.conclusive.timestamp", MeasureConclusive, "s", "Start of the last scheduled audit that could make every check, in seconds since 1970.");
    }

    protected override void LogFailure(Exception failure) => Log.Failed(logger, failure.Message);

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        // Held by the connection, so that it comes free however this ends.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var takeLock = new NpgsqlCommand($"SELECT pg_try_advisory_lock({AdvisoryLock})", connection);
        if (await takeLock.ExecuteScalarAsync(cancellationToken) is not true)
            return;
        try
        {
            var report = await auditor.RunAsync(Auditor.DefaultGrace, cancellationToken);
            last = new(time.GetTimestamp(), report.StartedAt, report.Checks.Sum(check => check.Disagreements), report.Checks.Count(check => check.Verdict == AuditVerdict.NotChecked));
            if (last.Unchecked == 0)
                conclusive = last;
            foreach (var check in report.Checks.Where(check => check.Verdict == AuditVerdict.Disagrees))
                Log.Disagrees(logger, check.Disagreements, check.Invariant, check.Check, check.Examples[0].Subject, check.Examples[0].What);
        }
        finally
        {
            await using var free = new NpgsqlCommand($"SELECT pg_advisory_unlock({AdvisoryLock})", connection);
            await free.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private IEnumerable<Measurement<long>> Measure(Func<Found, long> value) =>
        last is { } found && time.GetElapsedTime(found.At) < period * 2 ? [new(value(found))] : [];

    /// <summary>For as long as the process lives: that it is long ago is what has to be seen.</summary>
    private IEnumerable<Measurement<double>> MeasureConclusive() => conclusive is { } found ? [new((found.StartedAt - DateTimeOffset.UnixEpoch).TotalSeconds)] : [];

    private sealed record Found(long At, DateTimeOffset StartedAt, long Disagreements, int Unchecked);

    private static partial class Log
    {
        [LoggerMessage(EventId = 2501, Level = LogLevel.Error, Message = "The audit found {Count} that break {Invariant}, {Check}; the first is {Subject}: {What}")]
        internal static partial void Disagrees(ILogger logger, long count, string invariant, string check, string subject, string what);

        [LoggerMessage(EventId = 2502, Level = LogLevel.Warning, Message = "The scheduled audit could not be run: {Error}")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
