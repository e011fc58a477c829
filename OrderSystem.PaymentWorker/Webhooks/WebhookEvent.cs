using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>
/// What a webhook claims about a charge, a refund or a chargeback. Only this is kept of it: no body, which may hold personal data.
/// </summary>
/// <param name="Provider">Name of the provider.</param>
/// <param name="EventId">Id of the event at the provider, the same however often it is delivered.</param>
/// <param name="Type">The provider's name for what happened.</param>
/// <param name="Claim">The state of the charge, or what was given back of it.</param>
/// <param name="OrderId">The order; null when the event names none of ours.</param>
/// <param name="Reference">The charge, the refund or the dispute.</param>
/// <param name="Amount">The charged or refunded amount.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Reason">Why it was declined.</param>
internal sealed record WebhookEvent(
    string Provider, string EventId, string Type, WebhookClaim Claim, Guid? OrderId = null,
    string? Reference = null, decimal? Amount = null, string? Currency = null, string? Reason = null)
{
    /// <summary>The charge that a refund or a dispute is about; such a webhook may name no order.</summary>
    internal string? Charge { get; init; }

    /// <summary>Our refund that it is about; null for one that was made at the provider.</summary>
    internal Guid? RefundId { get; init; }

    /// <summary>Whether it is about something given back of a charge.</summary>
    internal bool IsAboutRefund => Claim is WebhookClaim.Refunded or WebhookClaim.RefundFailed or WebhookClaim.Chargeback;

    /// <summary>The key of the event in the inbox.</summary>
    internal Guid Id => IdOf(Provider, EventId);

    /// <summary>Derived from the provider and its event id: a second delivery finds the row of the first.</summary>
    internal static Guid IdOf(string provider, string eventId) => NameBasedUuid.Of($"ordersystem/webhook/1/{provider}/{eventId}");
}

/// <summary>In the database by its name in lower case.</summary>
internal enum WebhookClaim
{
    /// <summary>Nothing about the outcome of a charge.</summary>
    Nothing,

    /// <summary>The provider is processing the charge.</summary>
    Processing,

    Succeeded,

    Declined,

    /// <summary>A part of the charge, or all of it, was refunded.</summary>
    Refunded,

    /// <summary>A refund was accepted earlier, and could not be made.</summary>
    RefundFailed,

    /// <summary>A dispute was lost: the bank of the customer took the money back.</summary>
    Chargeback,
}
