using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Webhooks;

namespace OrderSystem.PaymentGateway.Stripe;

internal sealed record StripeEvent<T>(string Id, string Object, long Created, string Type, StripeEventData<T> Data);

internal sealed record StripeEventData<T>(T Object);

internal sealed record StripeDispute(
    string Id, string Object, long Amount, string Currency, string Charge, string PaymentIntent, string Reason, string Status,
    IReadOnlyDictionary<string, string> Metadata);

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
/// <c>payment_intent.payment_failed</c>; about a refund: <c>refund.created</c> and <c>charge.refunded</c>; about a dispute:
/// <c>charge.dispute.created</c> and <c>charge.dispute.closed</c>.
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

    /// <summary>Reports a refund, and its charge as it is then.</summary>
    public static void ReportRefund(WebhookSender webhooks, LedgerIndex index, Refund refund)
    {
        if (!webhooks.IsEnabled) return;
        var (id, at) = (index.IdOf(refund)[2..], refund.CreatedAt);
        webhooks.Send(
            EventOf($"evt{id}_refund", "refund.created", at, StripeRefunds.View(index, refund), StripeJson.Default.StripeEventStripeRefund),
            at);
        var charge = StripeIntents.View(index, refund.Charge, at);
        webhooks.Send(EventOf($"evt{id}_charge", "charge.refunded", at, charge, StripeJson.Default.StripeEventStripeCharge), at);
    }

    /// <summary>Reports a dispute, and that it is lost.</summary>
    public static void ReportDispute(WebhookSender webhooks, LedgerIndex index, Refund chargeback)
    {
        if (!webhooks.IsEnabled) return;
        var (charge, at) = (chargeback.Charge, chargeback.CreatedAt);
        var dispute = new StripeDispute(
            index.IdOf(chargeback), "dispute", StripeUnits.Of(chargeback.Amount, charge.Currency), charge.Currency.ToLowerInvariant(),
            index.IdOf(charge), StripeIntents.IntentIdOf(index, charge), chargeback.Reason ?? "fraudulent", "needs_response",
            new Dictionary<string, string>(StringComparer.Ordinal));
        Send("charge.dispute.created", dispute);
        Send("charge.dispute.closed", dispute with { Status = "lost" });

        void Send(string type, StripeDispute subject) => webhooks.Send(
            EventOf($"evt{dispute.Id[2..]}_{type[15..]}", type, at, subject, StripeJson.Default.StripeEventStripeDispute), at);
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
        return EventOf($"evt{chargeId[2..]}_{status}", type, at, intent, StripeJson.Default.StripeEventStripeEventIntent);
    }

    private static Webhook EventOf<T>(string id, string type, DateTimeOffset at, T subject, JsonTypeInfo<StripeEvent<T>> json) => new(
        Webhook.Stripe, id,
        JsonSerializer.SerializeToUtf8Bytes(new(id, "event", at.ToUnixTimeSeconds(), type, new(subject)), json));
}
