using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.OrderApi.Orders;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.OrderApi.Ops.Audit;

/// <summary>
/// Runs the audit at an interval, in one instance at a time, and reports its result as metrics for alerts. A result is reported for two
/// intervals: after that another instance has a newer one, or there is none.
/// </summary>
internal sealed partial class AuditSchedule : PeriodicService
{
    private const long AdvisoryLock = 0x6F726465725F6175;
    private readonly Auditor auditor;
    private readonly NpgsqlDataSource database;
    private readonly TimeSpan? period;
    private readonly TimeProvider time;
    private readonly ILogger<AuditSchedule> logger;
    private Result? last;
    private Result? conclusive;

    public AuditSchedule(
        IMeterFactory meters, Auditor auditor, NpgsqlDataSource database,
        IOptions<AuditOptions> options, TimeProvider time, ILogger<AuditSchedule> logger)
        : base(options.Value.Every, time)
    {
        (this.auditor, this.database, period, this.time, this.logger) = (auditor, database, options.Value.Every, time, logger);
        var meter = meters.Create(OrderMetrics.MeterName);
        meter.CreateObservableGauge(
            "ordersystem.audit.disagreements", () => Measure(result => result.Disagreements), "{disagreement}",
            "Violations that the last scheduled audit found.");
        meter.CreateObservableGauge(
            "ordersystem.audit.unchecked", () => Measure(result => result.Unchecked), "{check}",
            "Checks that the last scheduled audit could not make.");
        meter.CreateObservableGauge(
            "ordersystem.audit.conclusive.timestamp", MeasureConclusive, "s",
            "Start of the last scheduled audit that could make every check, in seconds since 1970.");
    }

    protected override void LogFailure(Exception failure) => Log.Failed(logger, failure.Message);

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        // A session-level lock, which PostgreSQL also releases when the process dies.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var takeLock = new NpgsqlCommand($"SELECT pg_try_advisory_lock({AdvisoryLock})", connection);
        if (await takeLock.ExecuteScalarAsync(cancellationToken) is not true)
            return;
        try
        {
            var report = await auditor.RunAsync(Auditor.DefaultGrace, cancellationToken);
            last = new(
                time.GetTimestamp(), report.StartedAt, report.Checks.Sum(check => check.Disagreements),
                report.Checks.Count(check => check.Verdict == AuditVerdict.NotChecked));
            if (last.Unchecked == 0)
                conclusive = last;
            foreach (var check in report.Checks.Where(check => check.Verdict == AuditVerdict.Disagrees))
                Log.Disagrees(logger, check.Disagreements, check.Invariant, check.Check, check.Examples[0].Subject, check.Examples[0].What);
        }
        finally
        {
            await using var unlock = new NpgsqlCommand($"SELECT pg_advisory_unlock({AdvisoryLock})", connection);
            await unlock.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private IEnumerable<Measurement<long>> Measure(Func<Result, long> value) =>
        last is { } result && time.GetElapsedTime(result.At) < period * 2 ? [new(value(result))] : [];

    /// <summary>Reported for the lifetime of the process, because the alert looks at its age.</summary>
    private IEnumerable<Measurement<double>> MeasureConclusive() =>
        conclusive is { } result ? [new((result.StartedAt - DateTimeOffset.UnixEpoch).TotalSeconds)] : [];

    private sealed record Result(long At, DateTimeOffset StartedAt, long Disagreements, int Unchecked);

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 2501, Level = LogLevel.Error,
            Message = "Audit found {Count} violations of {Invariant} ({Check}), first {Subject}: {What}; GET /ops/audit lists them.")]
        internal static partial void Disagrees(ILogger logger, long count, string invariant, string check, string subject, string what);

        [LoggerMessage(
            EventId = 2502, Level = LogLevel.Warning, Message = "Scheduled audit failed: {Error}. It runs again after Audit__Every.")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
