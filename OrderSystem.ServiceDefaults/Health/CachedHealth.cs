using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderSystem.ServiceDefaults.Health;

/// <summary>
/// The report of each probe, made at most once a second and by one caller at a time: however often and from wherever a service is probed,
/// the database and JetStream are asked no more than that.
/// </summary>
internal sealed class CachedHealth(HealthCheckService checks, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Made> reports = new(StringComparer.Ordinal);

    /// <summary>The probe's report, not older than a second when it was asked for.</summary>
    internal Task<HealthReport> ReportAsync(string probe, Func<HealthCheckRegistration, bool> predicate)
    {
        var now = time.GetTimestamp();
        return reports.AddOrUpdate(
            probe,
            _ => Make(now, predicate),
            (_, last) => last.Report.IsValueCreated && last.Report.Value.IsCompleted && time.GetElapsedTime(last.At, now) >= Freshness ? Make(now, predicate) : last)
            .Report.Value;
    }

    // No caller's cancellation: the report is for all who wait for it. Every check has a deadline of its own.
    private Made Make(long now, Func<HealthCheckRegistration, bool> predicate) => new(now, new(() => checks.CheckHealthAsync(predicate, CancellationToken.None)));

    private sealed record Made(long At, Lazy<Task<HealthReport>> Report);
}
