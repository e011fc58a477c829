using System.Collections.Frozen;

namespace OrderSystem.Messaging.Contracts;

/// <summary>
/// The currencies of ISO 4217 that people pay in, with the decimals of each (the standard's exponent), as the list stands on 2026-11-29.
/// Metals, funds and test codes are not among them.
/// </summary>
internal static class Currencies
{
    private const string NoDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
    private const string ThreeDecimals = "BHD IQD JOD KWD LYD OMR TND";
    private const string TwoDecimals =
        """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD
        EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL
        MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
        SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
        """;

    private static readonly FrozenDictionary<string, int> Decimals =
        In(NoDecimals, 0).Concat(In(TwoDecimals, 2)).Concat(In(ThreeDecimals, 3)).ToFrozenDictionary(StringComparer.Ordinal);

    internal static bool TryGetDecimals(string code, out int decimals) => Decimals.TryGetValue(code, out decimals);

    private static IEnumerable<KeyValuePair<string, int>> In(string codes, int decimals) =>
        codes.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(code => KeyValuePair.Create(code, decimals));
}
