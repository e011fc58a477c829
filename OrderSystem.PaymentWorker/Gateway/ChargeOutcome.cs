namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What is certain about a charge, or about its refund, after the provider was asked.</summary>
internal readonly record struct ChargeOutcome(ChargeStatus Status, string? Reference, string? Reason)
{
    /// <summary>Why it is no outcome.</summary>
    internal ProviderFailure Failure { get; init; }

    /// <summary>How long the provider wants to be left alone.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>What a look-up says of the charge beside its status; null from other calls.</summary>
    internal FoundCharge? Found { get; init; }

    /// <summary>The calls that were made to learn it, each of them.</summary>
    internal IReadOnlyList<ProviderCall> Calls { get => field ?? []; init; }

    /// <summary>Whether the provider has said something about the payment itself.</summary>
    internal bool IsAnswer => Status is not (ChargeStatus.Unknown or ChargeStatus.Unavailable);

    internal static ChargeOutcome Succeeded(string reference) => new(ChargeStatus.Succeeded, reference, null);

    internal static ChargeOutcome Declined(string? reference, string reason) => new(ChargeStatus.Declined, reference, ProviderText.Clean(reason));

    internal static ChargeOutcome None { get; } = new(ChargeStatus.None, null, "the provider knows no charge of the order");

    internal static ChargeOutcome Unknown(ProviderFailure failure, string reason) => new(ChargeStatus.Unknown, null, ProviderText.Clean(reason)) { Failure = failure };

    internal static ChargeOutcome Unavailable(ProviderFailure failure, string reason) => new(ChargeStatus.Unavailable, null, ProviderText.Clean(reason)) { Failure = failure };

    internal static ChargeOutcome Refused(string reason) => new(ChargeStatus.Refused, null, ProviderText.Clean(reason));

    /// <summary>After the calls that were made before it for the same payment.</summary>
    internal ChargeOutcome After(ChargeOutcome earlier) => this with { Calls = [.. earlier.Calls, .. Calls] };
}

/// <summary>What a look-up says of a charge.</summary>
internal sealed record FoundCharge(decimal? Amount, string? Currency, bool IsRefunded);

internal enum ChargeStatus
{
    Succeeded,
    Declined,

    /// <summary>A look-up found no charge of the order.</summary>
    None,

    /// <summary>The provider will never take this request: a person has to look.</summary>
    Refused,

    /// <summary>It may have been charged or not.</summary>
    Unknown,

    /// <summary>Certainly nothing has happened.</summary>
    Unavailable,
}

/// <summary>Why a call brought no outcome.</summary>
internal enum ProviderFailure
{
    None,

    /// <summary>401, 403, 407.</summary>
    Credentials,

    /// <summary>3xx, 404, 405, 410: nothing is served there.</summary>
    Route,

    /// <summary>429.</summary>
    RateLimit,

    /// <summary>No connection came about.</summary>
    Connection,

    /// <summary>A 4xx that is not in the provider's format: something in between has answered.</summary>
    Proxy,

    /// <summary>The circuit is open: no call was made.</summary>
    Circuit,

    /// <summary>No complete answer in time.</summary>
    Timeout,

    /// <summary>The connection broke before the answer was complete.</summary>
    ConnectionLost,

    /// <summary>5xx.</summary>
    ServerError,

    /// <summary>Anything else that the contract does not define.</summary>
    Contract,

    /// <summary>409: another call with the key is under way.</summary>
    KeyInUse,
}
