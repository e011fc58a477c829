namespace OrderSystem.Tests.Model;

/// <summary>Charges whose outcome comes later, and the webhooks that report it.</summary>
internal sealed partial class World
{
    /// <summary>All that were ever stored: a second delivery finds the first one.</summary>
    private readonly HashSet<Webhook> webhooksKnown = [];

    /// <summary>Webhooks that are stored and not applied yet.</summary>
    private List<Webhook> WebhookInbox { get; } = [];

    private IEnumerable<Step> EnabledForWebhooks()
    {
        for (var place = 0; place < Provider.Pending.Count; place++)
            yield return new(StepKind.Settle, 0, place);
        for (var place = 0; place < Provider.Webhooks.Count; place++)
            yield return new(StepKind.ReceiveWebhook, 0, place);

        // One without a payment waits for it.
        foreach (var (place, _) in WebhookInbox.Index().Where(entry => IsApplicable(entry.Item)))
            yield return new(StepKind.ApplyWebhook, 0, place);
    }

    private IEnumerable<Step> WebhookFaults()
    {
        for (var place = 0; place < Provider.Webhooks.Count; place++)
        {
            // Only a settlement report shows a part at the console whose webhook is lost.
            if (Provider.Webhooks[place].Part is null or { Refund: not 0 })
                yield return new(StepKind.WebhookLost, 0, place);
            yield return new(StepKind.WebhookDoubled, 0, place);
        }
    }

    private void TakeForWebhook(Step step)
    {
        switch (step.What)
        {
            case StepKind.Settle:
                Provider.Settle(step.Target);
                break;
            case StepKind.WebhookLost:
                Provider.Webhooks.RemoveAt(step.Target);
                break;
            case StepKind.WebhookDoubled:
                Provider.Webhooks.Add(Provider.Webhooks[step.Target]);
                break;
            case StepKind.ReceiveWebhook:
                var received = Provider.Webhooks[step.Target];
                Provider.Webhooks.RemoveAt(step.Target);
                if (webhooksKnown.Add(received))
                    WebhookInbox.Add(received);
                break;
            default:
                var applied = WebhookInbox[step.Target];
                WebhookInbox.RemoveAt(step.Target);
                Apply(applied);
                break;
        }
    }

    /// <summary>The outcome as of an answer, for a payment without one.</summary>
    private void Apply(Webhook webhook)
    {
        if (webhook.Part is { } part)
        {
            Apply(part);
            return;
        }

        var payment = Payments[webhook.Order];
        if (payment.State is PaymentState.Charging or PaymentState.Unknown or PaymentState.Processing
            || !Has(Safeguard.WebhookLeavesFinalOutcome))
            End(payment, webhook.Order, webhook.IsSuccess);
    }
}
