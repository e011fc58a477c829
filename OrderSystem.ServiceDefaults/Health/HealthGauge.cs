using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderSystem.ServiceDefaults.Health;

/// <summary>The last result of each health check as a metric, so that alerts need no scraper for the probes.</summary>
internal sealed class HealthGauge : IHealthCheckPublisher
{
    internal const string MeterName = "OrderSystem.ServiceDefaults";
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private HealthReport? last;

    public HealthGauge(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge(
            "ordersystem.health.status", Measure, "{status}", "Last result of each health check: 0 unhealthy, 1 degraded, 2 healthy.");
    }

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        last = report;
        return Task.CompletedTask;
    }

    private IEnumerable<Measurement<int>> Measure() =>
        last?.Entries.Select(
            check => new Measurement<int>((int)check.Value.Status, new KeyValuePair<string, object?>("check", check.Key))) ?? [];
}
