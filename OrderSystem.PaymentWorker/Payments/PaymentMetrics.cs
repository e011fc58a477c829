using System.Diagnostics.Metrics;
using OrderSystem.Messaging.Contracts;
using OrderSystem.PaymentWorker.Telemetry;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>Counts outcomes, refunds, reconciled payments and duplicates.</summary>
internal sealed class PaymentMetrics
{
    private readonly Counter<long> outcomes;
    private readonly Counter<long> refunds;
    private readonly Counter<long> reconciled;
    private readonly Counter<long> duplicates;

    public PaymentMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(PaymentTelemetry.Name);
        outcomes = meter.CreateCounter<long>("ordersystem.payments.outcomes", "{payment}", "Payments that ended, by outcome.");
        refunds = meter.CreateCounter<long>(
            "ordersystem.refunds.outcomes", "{refund}", "Refunds of paid orders that ended or went to review, by outcome and source.");
        reconciled = meter.CreateCounter<long>(
            "ordersystem.payments.reconciled", "{payment}", "Open payments that were resumed from the database instead of by a message.");
        duplicates = meter.CreateCounter<long>(
            "ordersystem.orders.duplicates", "{message}", "Orders redelivered after their payment had ended; the outcome was republished.");
    }

    internal void Ended(PaymentStatus outcome) => outcomes.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToName()));

    internal void RefundEnded(RefundStatus outcome, RefundSource source) => refunds.Add(
        1, new KeyValuePair<string, object?>("outcome", outcome.ToName()), new KeyValuePair<string, object?>("source", source.ToName()));

    internal void Reconciled(string kind, int count)
    {
        if (count > 0)
            reconciled.Add(count, new KeyValuePair<string, object?>("kind", kind));
    }

    internal void Duplicate() => duplicates.Add(1);
}
