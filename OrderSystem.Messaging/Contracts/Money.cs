using System.Globalization;

namespace OrderSystem.Messaging.Contracts;

/// <summary>
/// An amount of one currency, with exactly the decimals that the currency has: 9.9 EUR and 9.900 EUR are both 9.90 EUR, in the database, in
/// events, at the provider and in answers. An amount is never rounded; one with too many decimals is rejected.
/// </summary>
public readonly record struct Money
{
    private static readonly decimal[] Units = [1m, 1.0m, 1.00m, 1.000m];

    private Money(decimal amount, string currency) => (Amount, Currency) = (amount, currency);

    /// <summary>In units of the currency, with the decimals of the currency.</summary>
    public decimal Amount { get; }

    /// <summary>ISO 4217 code.</summary>
    public string Currency { get; }

    /// <summary>How many decimals a currency has.</summary>
    /// <returns>False for a code that is no currency.</returns>
    public static bool TryGetDecimals(string currency, out int decimals) => Currencies.TryGetDecimals(currency, out decimals);

    /// <summary>An amount as the currency writes it.</summary>
    /// <param name="amount">In units of the currency; surplus zeros are dropped, missing ones added.</param>
    /// <param name="currency">ISO 4217 code.</param>
    /// <param name="money">The amount.</param>
    /// <returns>False for a code that is no currency, or for more decimals than it has.</returns>
    public static bool TryCreate(decimal amount, string currency, out Money money)
    {
        money = default;
        if (!TryGetDecimals(currency, out var decimals) || decimal.Round(amount, decimals) is var rounded && rounded != amount)
            return false;

        // Multiplying by one with so many zeros adds those that are missing; rounding has dropped the surplus.
        money = new(decimal.Round(rounded * Units[decimals], decimals), currency);
        return true;
    }

    /// <summary>As <see cref="TryCreate"/>, for an amount that is known to fit.</summary>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public static Money Of(decimal amount, string currency) => TryCreate(amount, currency, out var money)
        ? money
        : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{amount} is no amount of {currency}."), nameof(amount));

    /// <summary>Nothing, in a currency.</summary>
    public static Money Zero(string currency) => Of(0, currency);

    /// <summary>The sum.</summary>
    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    /// <exception cref="OverflowException">The sum has more digits than there are.</exception>
    public static Money operator +(Money left, Money right) => left.Currency == right.Currency
        ? new(left.Amount + right.Amount, left.Currency)
        : throw new InvalidOperationException($"{left.Currency} and {right.Currency} cannot be added.");

    /// <summary>So many times the amount.</summary>
    /// <exception cref="OverflowException">The product has more digits than there are.</exception>
    public static Money operator *(int count, Money money) => new(count * money.Amount, money.Currency);

    /// <summary>Such as <c>19.90 EUR</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Amount} {Currency}");
}
