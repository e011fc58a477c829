using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderSystem.ServiceDefaults.Health;

/// <summary>
/// Caches the report of each probe for a second and computes it once for concurrent callers, so that frequent probes do not load the
/// database and JetStream.
/// </summary>
internal sealed class CachedHealth(HealthCheckService checks, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, CachedReport> reports = new(StringComparer.Ordinal);

    /// <summary>The probe's report, at most a second old at the time of the call.</summary>
    internal Task<HealthReport> ReportAsync(string probe, Func<HealthCheckRegistration, bool> predicate)
    {
        var now = time.GetTimestamp();
        return reports.AddOrUpdate(
            probe,
            _ => Start(now, predicate),
            (_, last) => last.IsCompleted && time.GetElapsedTime(last.StartedAt, now) >= Freshness ? Start(now, predicate) : last)
            .Report.Value;
    }

    // Without a caller's cancellation token: concurrent callers share the report. Every check has its own timeout.
    private CachedReport Start(long now, Func<HealthCheckRegistration, bool> predicate) =>
        new(now, new(() => checks.CheckHealthAsync(predicate, CancellationToken.None)));

    private sealed record CachedReport(long StartedAt, Lazy<Task<HealthReport>> Report)
    {
        internal bool IsCompleted => Report.IsValueCreated && Report.Value.IsCompleted;
    }
}
