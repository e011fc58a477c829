namespace OrderSystem.PaymentGateway.Stripe;

/// <summary>Stripe's units of a currency: hundredths, with exceptions. Written apart from the worker's table, which it checks.</summary>
internal static class StripeUnits
{
    public static decimal ToAmount(long units, string currency) => units / PerOne(currency);

    public static long Of(decimal amount, string currency) => (long)(amount * PerOne(currency));

    private static decimal PerOne(string currency) => currency switch
    {
        "BIF" or "CLP" or "DJF" or "GNF" or "JPY" or "KMF" or "KRW" or "MGA" or "PYG" or "RWF" or "VND" or "VUV" or "XAF" or "XOF" or "XPF"
            => 1m,
        "BHD" or "JOD" or "KWD" or "OMR" or "TND" => 1000m,
        _ => 100m,
    };
}
