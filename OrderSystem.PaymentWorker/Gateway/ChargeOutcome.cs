namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What is known about a charge.</summary>
internal readonly record struct ChargeOutcome(ChargeStatus Status, string? Reference, string? Reason)
{
    /// <summary>The calls that were made to learn it, each of them.</summary>
    internal IReadOnlyList<ProviderCall> Calls { get => field ?? []; init; }

    internal static ChargeOutcome Succeeded(string reference) => new(ChargeStatus.Succeeded, reference, null);

    internal static ChargeOutcome Declined(string? reference, string reason) => new(ChargeStatus.Declined, reference, reason);

    /// <summary>It may have been charged or not.</summary>
    internal static ChargeOutcome Unknown(string reason) => new(ChargeStatus.Unknown, null, reason);

    /// <summary>The circuit is open: the provider was not asked.</summary>
    internal static ChargeOutcome NotSent(string reason) => new(ChargeStatus.NotSent, null, reason);

    /// <summary>The provider will never take this request: a person has to look.</summary>
    internal static ChargeOutcome Refused(string reason) => new(ChargeStatus.Refused, null, reason);
}

internal enum ChargeStatus
{
    Succeeded,
    Declined,
    Unknown,
    NotSent,
    Refused,
}
