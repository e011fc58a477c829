namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What is known about a charge or its refund after calls to the provider.</summary>
internal readonly record struct ChargeOutcome(ChargeStatus Status, string? Reference, string? Reason)
{
    /// <summary>Why the outcome is unknown or the provider unavailable; None otherwise.</summary>
    internal ProviderFailure Failure { get; init; }

    /// <summary>The provider's Retry-After, or null.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>Details of the charge or refund from a look-up; null after other calls.</summary>
    internal FoundCharge? Found { get; init; }

    /// <summary>All calls that were made to learn the outcome, retries included.</summary>
    internal IReadOnlyList<ProviderCall> Calls { get => field ?? []; init; }

    /// <summary>Whether the provider gave an answer about the payment itself.</summary>
    internal bool IsAnswer => Status is not (ChargeStatus.Unknown or ChargeStatus.Unavailable);

    internal static ChargeOutcome Succeeded(string reference) => new(ChargeStatus.Succeeded, reference, null);

    internal static ChargeOutcome Declined(string? reference, string reason) =>
        new(ChargeStatus.Declined, reference, ProviderText.Clean(reason));

    internal static ChargeOutcome Processing(string reference) =>
        new(ChargeStatus.Processing, reference, "the provider is still processing the payment");

    internal static ChargeOutcome None { get; } = new(ChargeStatus.None, null, "the provider has no charge for the order");

    internal static ChargeOutcome NoRefund { get; } = new(ChargeStatus.None, null, "the provider has no such refund of the charge");

    internal static ChargeOutcome Unknown(ProviderFailure failure, string reason) =>
        new(ChargeStatus.Unknown, null, ProviderText.Clean(reason)) { Failure = failure };

    internal static ChargeOutcome Unavailable(ProviderFailure failure, string reason) =>
        new(ChargeStatus.Unavailable, null, ProviderText.Clean(reason)) { Failure = failure };

    internal static ChargeOutcome Refused(string reason) => new(ChargeStatus.Refused, null, ProviderText.Clean(reason));

    /// <summary>Prepends the calls of an earlier outcome of the same payment.</summary>
    internal ChargeOutcome After(ChargeOutcome earlier) => this with { Calls = [.. earlier.Calls, .. Calls] };
}

/// <summary>Details of a charge or refund from a look-up. A charge is refunded when nothing is left of it.</summary>
internal sealed record FoundCharge(decimal? Amount, string? Currency, bool IsRefunded);

internal enum ChargeStatus
{
    Succeeded,

    /// <summary>Nothing was charged or refunded, and nothing will be under this key.</summary>
    Declined,

    /// <summary>The provider has accepted the charge and will report its outcome later.</summary>
    Processing,

    /// <summary>A look-up found no charge for the order, or no such refund.</summary>
    None,

    /// <summary>The provider will never accept this request: manual review.</summary>
    Refused,

    /// <summary>Unknown outcome: the call may have taken effect or not.</summary>
    Unknown,

    /// <summary>The call certainly had no effect.</summary>
    Unavailable,
}

/// <summary>Why a call had no outcome.</summary>
internal enum ProviderFailure
{
    None,

    /// <summary>401, 403, 407.</summary>
    Credentials,

    /// <summary>3xx, 404, 405, 410: the address does not serve the provider's API.</summary>
    Route,

    /// <summary>429.</summary>
    RateLimit,

    /// <summary>No connection was established.</summary>
    Connection,

    /// <summary>A 4xx that is not in the provider's format: an intermediary answered.</summary>
    Proxy,

    /// <summary>The circuit is open: no call was made.</summary>
    Circuit,

    /// <summary>The order's own payment method is not known: no call was made.</summary>
    PaymentMethod,

    /// <summary>No complete response in time.</summary>
    Timeout,

    /// <summary>The connection was lost before the response was complete.</summary>
    ConnectionLost,

    /// <summary>5xx.</summary>
    ServerError,

    /// <summary>Any other response that the contract does not define.</summary>
    Contract,

    /// <summary>409: another call with the same key is in progress.</summary>
    KeyInUse,

    /// <summary>The key was used before with other parameters: that request may have taken effect.</summary>
    KeyReused,
}
