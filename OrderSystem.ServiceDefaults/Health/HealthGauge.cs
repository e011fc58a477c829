using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderSystem.ServiceDefaults.Health;

/// <summary>What each health check said last, as a metric: alerts need no probe that somebody has to scrape.</summary>
internal sealed class HealthGauge : IHealthCheckPublisher
{
    internal const string MeterName = "OrderSystem.ServiceDefaults";
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private HealthReport? last;

    public HealthGauge(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("ordersystem.health.status", Measure, "{status}", "What each health check said last: 0 unhealthy, 1 degraded, 2 healthy.");
    }

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        last = report;
        return Task.CompletedTask;
    }

    private IEnumerable<Measurement<int>> Measure() =>
        last?.Entries.Select(check => new Measurement<int>((int)check.Value.Status, new KeyValuePair<string, object?>("check", check.Key))) ?? [];
}
