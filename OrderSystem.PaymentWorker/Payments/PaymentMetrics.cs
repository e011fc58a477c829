using System.Diagnostics;
using System.Diagnostics.Metrics;
using OrderSystem.Messaging.JetStream;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>What happens to payments, counted.</summary>
internal sealed class PaymentMetrics
{
    private readonly Counter<long> outcomes;
    private readonly Histogram<double> attempts;
    private readonly Counter<long> reconciled;
    private readonly Counter<long> duplicates;

    public PaymentMetrics(IMeterFactory meters, PullGate gate, RetryBudget budget, ProviderHealth provider)
    {
        var meter = meters.Create(PaymentTelemetry.Name);
        outcomes = meter.CreateCounter<long>("ordersystem.payments.outcomes", "{payment}", "What payments came to.");
        attempts = meter.CreateHistogram(
            "ordersystem.payment.attempt.duration", "s", "Duration of each call to the provider, with repetitions.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        reconciled = meter.CreateCounter<long>("ordersystem.payments.reconciled", "{payment}", "Payments that no message drove any more and that were taken up again.");
        duplicates = meter.CreateCounter<long>("ordersystem.orders.duplicates", "{message}", "Orders that came again after their payment had ended; the outcome was offered again.");
        meter.CreateObservableGauge("ordersystem.payment_gateway.breaker.state", () => !gate.IsClosedFor(ProviderHealth.Dependency) ? 0 : gate.IsBreakOver ? 2 : 1, "{state}", "The circuit to the provider: 0 closed, 1 open, 2 half-open.");
        meter.CreateObservableGauge("ordersystem.payment_gateway.failing", () => Causes(provider), "{cause}", "Whether the last call to the provider brought no outcome, by cause: 1 or 0.");
        meter.CreateObservableGauge("ordersystem.payment_gateway.retry_budget", () => budget.Available, "{attempt}", "Repetitions that may be made now.");
    }

    internal void Ended(string outcome) => outcomes.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    internal void Attempted(string kind, string result, TimeSpan duration) => attempts.Record(duration.TotalSeconds, new TagList { { "kind", kind }, { "result", result } });

    internal void Reconciled(string kind, int count)
    {
        if (count > 0)
            reconciled.Add(count, new KeyValuePair<string, object?>("kind", kind));
    }

    internal void Duplicate() => duplicates.Add(1);

    private static IEnumerable<Measurement<int>> Causes(ProviderHealth provider)
    {
        var last = provider.LastFailure;
        return ProviderHealth.Causes.Select(cause => new Measurement<int>(cause.Key == last ? 1 : 0, new KeyValuePair<string, object?>("cause", cause.Value)));
    }
}

/// <summary>The worker's own source of spans and its meter.</summary>
internal static class PaymentTelemetry
{
    internal const string Name = "OrderSystem.PaymentWorker";

    internal static readonly ActivitySource Source = new(Name);
}
