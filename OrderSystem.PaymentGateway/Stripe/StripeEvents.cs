using System.Text.Json;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Stripe;

internal sealed record StripeEvent(string Id, string Object, long Created, string Type, StripeEventData Data);

internal sealed record StripeEventData(StripeEventIntent Object);

/// <summary>A payment intent in an event.</summary>
internal sealed record StripeEventIntent(
    string Id, string Object, long Amount, long AmountReceived, string Currency, string Status, string? LatestCharge,
    IReadOnlyDictionary<string, string> Metadata, string TransferGroup)
{
    public StripeEventError? LastPaymentError { get; init; }
}

internal sealed record StripeEventError(string Type, string Code, string DeclineCode);

/// <summary>
/// Stripe's events about a payment intent: <c>payment_intent.processing</c>, and <c>payment_intent.succeeded</c> or
/// <c>payment_intent.payment_failed</c>.
/// </summary>
internal static class StripeEvents
{
    /// <summary>Reports a new charge, now and when it is settled.</summary>
    public static void Report(WebhookSender webhooks, LedgerIndex index, Charge charge, string orderId)
    {
        if (!webhooks.IsEnabled) return;
        if (charge.WasProcessing)
            webhooks.Send(Of(index, charge, orderId, Entry.ProcessingStatus, charge.CreatedAt), charge.CreatedAt);
        ReportOutcome(webhooks, index, charge, orderId);
    }

    public static void ReportOutcome(WebhookSender webhooks, LedgerIndex index, Charge charge, string orderId)
    {
        var at = charge.SettlesAt ?? charge.CreatedAt;
        webhooks.Send(Of(index, charge, orderId, charge.Status, at), at);
    }

    private static Webhook Of(LedgerIndex index, Charge charge, string orderId, string status, DateTimeOffset at)
    {
        var (type, intentStatus) = status switch
        {
            Entry.ProcessingStatus => ("payment_intent.processing", "processing"),
            Entry.SucceededStatus => ("payment_intent.succeeded", "succeeded"),
            _ => ("payment_intent.payment_failed", "requires_payment_method"),
        };
        var chargeId = index.IdOf(charge);
        var units = StripeUnits.Of(charge.Amount, charge.Currency);
        var intent = new StripeEventIntent(
            $"pi{chargeId[2..]}", "payment_intent", units, status == Entry.SucceededStatus ? units : 0,
            charge.Currency.ToLowerInvariant(), intentStatus, charge.Reason == StripeIntents.RequiresAction ? null : chargeId,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["order_id"] = orderId }, orderId)
        {
            LastPaymentError = status != Entry.DeclinedStatus ? null
                : charge.Reason == StripeIntents.RequiresAction
                    ? new("card_error", "authentication_required", "authentication_required")
                    : new("card_error", "card_declined", charge.Reason!),
        };
        var id = $"evt{chargeId[2..]}_{status}";
        return new(
            Webhook.Stripe, id,
            JsonSerializer.SerializeToUtf8Bytes(
                new StripeEvent(id, "event", at.ToUnixTimeSeconds(), type, new(intent)), StripeJson.Default.StripeEvent));
    }
}
