using System.Collections.Frozen;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// Amounts in Stripe's units (docs.stripe.com/currencies): hundredths, except in the currencies listed here, which differ from those of
/// ISO 4217. An amount that Stripe cannot express is refused, never rounded.
/// </summary>
internal static class StripeAmount
{
    private static readonly FrozenSet<string> WithoutDecimals = Set("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF");

    /// <summary>Thousandths, of which Stripe takes only tens.</summary>
    private static readonly FrozenSet<string> WithThreeDecimals = Set("BHD JOD KWD OMR TND");

    /// <summary>Hundredths, of which Stripe takes only hundreds.</summary>
    private static readonly FrozenSet<string> WholeUnits = Set("ISK UGX");

    /// <summary>Converts an amount to Stripe's units.</summary>
    /// <returns>False for an amount that Stripe cannot express.</returns>
    internal static bool TryToMinorUnits(decimal amount, string currency, out long minorUnits)
    {
        var units = amount * UnitsOf(currency);
        var step = WithThreeDecimals.Contains(currency) ? 10 : WholeUnits.Contains(currency) ? 100 : 1;
        var fits = units % step == 0 && units is > 0 and <= long.MaxValue;
        minorUnits = fits ? (long)units : 0;
        return fits;
    }

    /// <summary>Converts Stripe's units to an amount with the decimals of the currency.</summary>
    internal static decimal FromMinorUnits(long minorUnits, string currency) => (decimal)minorUnits / UnitsOf(currency);

    private static int UnitsOf(string currency) =>
        WithoutDecimals.Contains(currency) ? 1 : WithThreeDecimals.Contains(currency) ? 1000 : 100;

    private static FrozenSet<string> Set(string currencies) => currencies.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
