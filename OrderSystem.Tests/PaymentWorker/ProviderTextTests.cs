using OrderSystem.PaymentWorker.Gateway;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>What comes from outside can be stored, published and logged.</summary>
public sealed class ProviderTextTests
{
    [Theory]
    [InlineData("card_declined", "card_declined")]
    [InlineData("a\0b\u0001c\r\nd\u0085e\u2028f", "a b c  d e f")]
    [InlineData("  \n", "")]
    [InlineData("whole 🙂", "whole 🙂")]
    public void It_is_one_clean_line(string text, string expected) => Assert.Equal(expected, ProviderText.Clean(text));

    /// <summary>An attribute of a test cannot hold it.</summary>
    [Fact]
    public void Half_a_surrogate_pair_is_replaced_and_makes_no_id() => Assert.Equal(("half \ufffd", false), (ProviderText.Clean("half \ud83d"), ProviderText.IsId("ch\ud800")));

    [Fact]
    public void M9_It_is_bounded_and_no_character_is_cut_in_half()
    {
        Assert.Equal(500, ProviderText.Clean(new string('x', 100_000)).Length);
        Assert.Equal(new string('x', 499), ProviderText.Clean(new string('x', 499) + "🙂"));
    }

    [Theory]
    [InlineData("ch_1", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("ch\0", false)]
    public void An_id_is_taken_as_it_is_or_not_at_all(string? id, bool expected) => Assert.Equal(expected, ProviderText.IsId(id));

    [Fact]
    public void An_id_has_at_most_200_characters() =>
        Assert.Equal((true, false), (ProviderText.IsId(new string('x', 200)), ProviderText.IsId(new string('x', 201))));
}
