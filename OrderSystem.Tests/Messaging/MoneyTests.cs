using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using OrderSystem.Messaging.Contracts;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>An amount has one canonical form and is never rounded.</summary>
[Fast]
public sealed class MoneyTests
{
    [Theory]
    [InlineData("9.99", "EUR", "9.99")]
    [InlineData("9.990000", "EUR", "9.99")]
    [InlineData("9.9", "EUR", "9.90")]
    [InlineData("10", "EUR", "10.00")]
    [InlineData("10.0", "JPY", "10")]
    [InlineData("1", "KWD", "1.000")]
    [InlineData("0.001", "KWD", "0.001")]
    [InlineData("1000000000000.0000000000000000", "EUR", "1000000000000.00")]
    public void An_amount_has_the_decimals_of_its_currency(string amount, string currency, string expected)
    {
        Assert.True(Money.TryCreate(Parse(amount), currency, out var money));
        Assert.Equal(expected, money.Amount.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("0.001", "EUR")]
    [InlineData("9.9900001", "EUR")]
    [InlineData("0.5", "JPY")]
    [InlineData("0.0001", "KWD")]
    [InlineData("1", "XXX")]
    [InlineData("1", "eur")]
    public void Excess_decimals_and_unknown_currencies_are_rejected(string amount, string currency) =>
        Assert.False(Money.TryCreate(Parse(amount), currency, out _));

    [Fact]
    public void Different_currencies_cannot_be_added() =>
        Assert.Throws<InvalidOperationException>(() => Money.Of(1, "EUR") + Money.Of(1, "USD"));

    [Fact]
    public void Sums_are_exact_and_overflow_is_an_error()
    {
        Assert.Equal("0.30", (Money.Of(0.10m, "EUR") + Money.Of(0.20m, "EUR")).Amount.ToString(CultureInfo.InvariantCulture));
        Assert.Equal("59.97 EUR", (3 * Money.Of(19.99m, "EUR")).ToString());
        Assert.Throws<OverflowException>(() => int.MaxValue * Money.Of(decimal.MaxValue, "JPY"));
    }

    [Fact]
    public void Trailing_zeros_do_not_change_an_amount() => Prop.ForAll(
        ArbMap.Default.ArbFor<uint>(), ArbMap.Default.ArbFor<byte>(), (cents, zeros) =>
        {
            var padded = new decimal((int)(cents % 1_000_000), 0, 0, isNegative: false, scale: 2)
                + new decimal(0, 0, 0, isNegative: false, scale: (byte)(zeros % 20));
            return Money.TryCreate(padded, "EUR", out var money) && money.Amount == padded && money.Amount.Scale == 2;
        }).QuickCheckThrowOnFailure();

    private static decimal Parse(string amount) => decimal.Parse(amount, NumberStyles.Number, CultureInfo.InvariantCulture);
}
