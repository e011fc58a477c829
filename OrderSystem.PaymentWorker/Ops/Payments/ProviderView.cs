using System.Globalization;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>Whether a look-up at the provider confirms an operator's decision.</summary>
internal enum ProviderView
{
    /// <summary>The provider reports the same outcome.</summary>
    Confirms,

    /// <summary>The provider was not asked, did not respond, or does not know the order.</summary>
    IsSilent,

    /// <summary>The provider reports a different outcome.</summary>
    Contradicts,
}

internal static class ProviderViews
{
    /// <param name="found">The result of the look-up.</param>
    /// <param name="decision"><c>succeeded</c>, <c>declined</c> or <c>refunded</c>.</param>
    /// <param name="reference">Id of the charge that the operator names.</param>
    /// <param name="noCallInFlight">Whether a charge that was not found can no longer appear.</param>
    internal static ProviderView Of(ChargeOutcome found, PaymentStatus decision, string? reference, bool noCallInFlight) => found switch
    {
        { IsAnswer: false } or { Status: ChargeStatus.Processing } or { Status: ChargeStatus.Refused, Found: null } =>
            ProviderView.IsSilent,
        { Status: ChargeStatus.None } => decision == PaymentStatus.Declined && noCallInFlight
            ? ProviderView.Confirms
            : ProviderView.IsSilent,
        { Status: ChargeStatus.Declined } => Confirms(decision == PaymentStatus.Declined),
        { Found.IsRefunded: true } => Confirms(decision == PaymentStatus.Refunded),
        { Status: ChargeStatus.Succeeded } => Confirms(decision == PaymentStatus.Succeeded && found.Reference == reference),

        // A charge with a different amount or currency: the operator decides whether it belongs to the order.
        _ => decision == PaymentStatus.Succeeded && found.Reference == reference ? ProviderView.IsSilent : ProviderView.Contradicts,
    };

    internal static string Describe(ChargeOutcome found) => found switch
    {
        { Status: ChargeStatus.Succeeded, Found.IsRefunded: true } => $"The provider has refunded {found.Reference}",
        { Status: ChargeStatus.Succeeded } =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"The provider has charged {found.Found?.Amount} {found.Found?.Currency} as {found.Reference}"),
        { Status: ChargeStatus.Declined } => $"The provider has declined the charge: {found.Reason}",
        { IsAnswer: true } => $"Look-up of the order: {found.Reason}",
        _ => $"The provider could not be asked: {found.Reason}",
    };

    private static ProviderView Confirms(bool isTheSame) => isTheSame ? ProviderView.Confirms : ProviderView.Contradicts;
}
