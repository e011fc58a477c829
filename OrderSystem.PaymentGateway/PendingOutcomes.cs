using OrderSystem.PaymentGateway.Charges;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Stripe;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway;

/// <summary>
/// After a restart, reports the outcome of the charges that were being processed. That of one that was settled not long ago may have been
/// reported before: webhooks are delivered at least once.
/// </summary>
internal sealed class PendingOutcomes(LedgerIndex index, WebhookSender webhooks, TimeProvider time) : IHostedService
{
    private static readonly TimeSpan Recent = TimeSpan.FromHours(1);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var line in index.ProcessedBefore.Where(line => line.SettlesAt > time.GetUtcNow() - Recent))
        {
            var charge = index.FindCharge(line.Id)!;
            if (line.Api == Webhook.Stripe) StripeEvents.ReportOutcome(webhooks, index, charge, line.OrderId!);
            else ChargeWebhooks.ReportOutcome(webhooks, index, charge, line.OrderId!);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
