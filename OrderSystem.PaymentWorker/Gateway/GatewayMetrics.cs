using System.Diagnostics;
using System.Diagnostics.Metrics;
using OrderSystem.Messaging.JetStream;
using OrderSystem.PaymentWorker.Telemetry;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>Calls to the provider, and the state of its circuit breaker and retry budget.</summary>
internal sealed class GatewayMetrics
{
    private readonly Histogram<double> attempts;

    public GatewayMetrics(IMeterFactory meters, PullGate gate, RetryBudget budget, ProviderHealth provider)
    {
        var meter = meters.Create(PaymentTelemetry.Name);
        attempts = meter.CreateHistogram(
            "ordersystem.payment.attempt.duration", "s", "Duration of each call to the provider, retries included.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        meter.CreateObservableGauge(
            "ordersystem.payment_gateway.breaker.state", () => !gate.IsSuspendedFor(ProviderHealth.Dependency) ? 0 : gate.MayProbe ? 2 : 1,
            "{state}", "Circuit breaker of the provider: 0 closed, 1 open, 2 half-open.");
        meter.CreateObservableGauge(
            "ordersystem.payment_gateway.failing", () => Causes(provider), "{cause}",
            "Whether the last call to the provider failed, by cause: 1 or 0.");
        meter.CreateObservableGauge(
            "ordersystem.payment_gateway.retry_budget", () => budget.Available, "{attempt}", "Retries that may be made now.");
    }

    internal void Attempted(string kind, string result, TimeSpan duration) =>
        attempts.Record(duration.TotalSeconds, new TagList { { "kind", kind }, { "result", result } });

    private static IEnumerable<Measurement<int>> Causes(ProviderHealth provider)
    {
        var last = provider.LastFailure;
        return ProviderHealth.Causes.Select(
            cause => new Measurement<int>(cause.Key == last ? 1 : 0, new KeyValuePair<string, object?>("cause", cause.Value)));
    }
}
