using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using OrderSystem.OrderApi.Orders;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>H13: every JSON form of a number is read as exactly one decimal value, and none is rounded.</summary>
[Fast]
public sealed class ExactDecimalTests
{
    [Theory]
    [InlineData("100", "100")]
    [InlineData("1e2", "100")]
    [InlineData("1E+2", "100")]
    [InlineData("100.00", "100")]
    [InlineData("10000e-2", "100")]
    [InlineData("0.0000000000000000000000000001e30", "100")]
    [InlineData("10.50", "10.5")]
    [InlineData("-0", "0")]
    [InlineData("-0.00e5", "0")]
    [InlineData("0e999999999999999999999", "0")]
    [InlineData("-12.5", "-12.5")]
    [InlineData("9.99000000000000000000000000000000000000", "9.99")]
    [InlineData("1234567890123456789012345678", "1234567890123456789012345678")]
    [InlineData("0.1234567890123456789012345678", "0.1234567890123456789012345678")]
    public void Every_JSON_form_of_a_number_is_read_exactly(string text, string expected)
    {
        Assert.True(ExactDecimal.TryRead(text, out var value));
        Assert.Equal(decimal.Parse(expected, CultureInfo.InvariantCulture), value);
    }

    [Theory]
    [InlineData("9.99000000000000000000000000000000000001")]
    [InlineData("0.00000000000000000000000000001")]
    [InlineData("79228162514264337593543950336")]
    [InlineData("1e29")]
    [InlineData("1e400")]
    [InlineData("1e-400")]
    [InlineData("1e999999999999999999999")]
    public void A_number_that_a_decimal_would_round_is_rejected(string text) => Assert.False(ExactDecimal.TryRead(text, out _));

    [Fact]
    public void Any_decimal_with_an_exponent_and_trailing_zeros_is_read_exactly() => Prop.ForAll(
        ArbMap.Default.ArbFor<decimal>(), ArbMap.Default.ArbFor<byte>(), (number, zeros) =>
        {
            var bits = decimal.GetBits(number);
            var digits = new decimal(bits[0], bits[1], bits[2], isNegative: false, scale: 0);
            var text = string.Create(
                CultureInfo.InvariantCulture, $"{(number < 0 ? "-" : "")}{digits}{new string('0', zeros)}e{-number.Scale - zeros}");
            return ExactDecimal.TryRead(text, out var read) && read == number;
        }).QuickCheckThrowOnFailure();
}
