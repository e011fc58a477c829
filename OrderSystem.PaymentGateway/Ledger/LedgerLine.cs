using System.Text.Json.Serialization;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>
/// One line of the ledger: a charge, succeeded or declined, a refund or a chargeback. <c>GET /ledger</c> returns the lines of the file.
/// </summary>
internal sealed record LedgerLine
{
    public const string ChargeKind = "charge";
    public const string RefundKind = "refund";
    public const string ChargebackKind = "chargeback";

    /// <summary>The value of <see cref="Api"/> for Stripe's.</summary>
    public const string StripeApi = "stripe";

    public long Sequence { get; init; }

    public required string Kind { get; init; }

    public string Id { get; init; } = string.Empty;

    public required string Key { get; init; }

    public string? OrderId { get; init; }

    public string? ChargeId { get; init; }

    /// <summary>The caller's own id of a refund; null for one without, such as those of the console.</summary>
    public string? Reference { get; init; }

    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    public required string Status { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>Until then the charge is being processed, and only the ledger knows its status; null for a charge that never was.</summary>
    public DateTimeOffset? SettlesAt { get; init; }

    /// <summary>The API that made the charge, in whose format its webhooks are; null for the HTTP contract.</summary>
    public string? Api { get; init; }

    public static LedgerLine OfCharge(
        string key, string orderId, decimal amount, string currency, string? declineReason, DateTimeOffset? settlesAt,
        string? api = null) => new()
    {
        Kind = ChargeKind,
        Key = key,
        OrderId = orderId,
        Amount = amount,
        Currency = currency,
        Status = declineReason is null ? Entry.SucceededStatus : Entry.DeclinedStatus,
        Reason = declineReason,
        SettlesAt = settlesAt,
        Api = api,
    };

    public static LedgerLine OfRefund(string key, string chargeId, decimal amount, string currency, string? reference) => new()
    {
        Kind = RefundKind,
        Key = key,
        ChargeId = chargeId,
        Amount = amount,
        Currency = currency,
        Status = Entry.SucceededStatus,
        Reference = reference,
    };
}

/// <summary>The first line of the file. Every id contains its name, so that ids of two ledgers never collide.</summary>
internal sealed record LedgerHeader(string Ledger, DateTimeOffset CreatedAt);

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LedgerLine))]
[JsonSerializable(typeof(LedgerHeader))]
[JsonSerializable(typeof(LedgerSummary))]
internal sealed partial class LedgerJson : JsonSerializerContext;
