namespace OrderSystem.PaymentGateway.Answers;

/// <summary>How a call, or the delivery of a webhook, ended. In camel case, the names are keys of <c>GET /ledger/summary</c>.</summary>
internal enum CallOutcome
{
    Succeeded,
    Declined,
    Processing,
    Refunded,
    Replayed,
    LookedUp,
    Invalid,
    Refused,
    KeyMissing,
    KeyReused,
    KeyInUse,
    RateLimited,
    Error,
    Outage,
    Hung,
    DroppedAfterEffect,
    ErrorAfterEffect,
    WebhookDelivered,
    WebhookRefused,
    WebhookLost,
}
