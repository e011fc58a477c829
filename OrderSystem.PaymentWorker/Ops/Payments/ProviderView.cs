using System.Globalization;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary>What a look-up at the provider says of an operator's decision.</summary>
internal enum ProviderView
{
    /// <summary>The same.</summary>
    Confirms,

    /// <summary>Nothing: it was not asked, did not answer, or does not know the order.</summary>
    IsSilent,

    /// <summary>Something else.</summary>
    Contradicts,
}

internal static class ProviderViews
{
    /// <param name="found">What the look-up brought.</param>
    /// <param name="decision"><c>succeeded</c>, <c>declined</c> or <c>refunded</c>.</param>
    /// <param name="reference">The charge that the operator names.</param>
    /// <param name="nothingIsOnItsWay">Whether a charge that was not found can still come.</param>
    internal static ProviderView Of(ChargeOutcome found, PaymentStatus decision, string? reference, bool nothingIsOnItsWay) => found switch
    {
        { IsAnswer: false } or { Status: ChargeStatus.Refused, Found: null } => ProviderView.IsSilent,
        { Status: ChargeStatus.None } => decision == PaymentStatus.Declined && nothingIsOnItsWay ? ProviderView.Confirms : ProviderView.IsSilent,
        { Status: ChargeStatus.Declined } => Confirms(decision == PaymentStatus.Declined),
        { Found.IsRefunded: true } => Confirms(decision == PaymentStatus.Refunded),
        { Status: ChargeStatus.Succeeded } => Confirms(decision == PaymentStatus.Succeeded && found.Reference == reference),

        // A charge of another amount or currency: whether it is the order's is what the person decides.
        _ => decision == PaymentStatus.Succeeded && found.Reference == reference ? ProviderView.IsSilent : ProviderView.Contradicts,
    };

    internal static string Describe(ChargeOutcome found) => found switch
    {
        { Status: ChargeStatus.Succeeded, Found.IsRefunded: true } => $"The provider has given {found.Reference} back",
        { Status: ChargeStatus.Succeeded } =>
            string.Create(CultureInfo.InvariantCulture, $"The provider has charged {found.Found?.Amount} {found.Found?.Currency} as {found.Reference}"),
        { Status: ChargeStatus.Declined } => $"The provider has declined the charge: {found.Reason}",
        { IsAnswer: true } => $"Asked for the order, {found.Reason}",
        _ => $"The provider could not be asked: {found.Reason}",
    };

    private static ProviderView Confirms(bool isTheSame) => isTheSame ? ProviderView.Confirms : ProviderView.Contradicts;
}
