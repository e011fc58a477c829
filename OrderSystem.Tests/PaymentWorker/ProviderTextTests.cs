using OrderSystem.PaymentWorker.Gateway;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Text of the provider is cleaned, so that it can be stored, published and logged.</summary>
[Fast]
public sealed class ProviderTextTests
{
    [Theory]
    [InlineData("card_declined", "card_declined")]
    [InlineData("a\0b\u0001c\r\nd\u0085e\u2028f", "a b c  d e f")]
    [InlineData("  \n", "")]
    [InlineData("whole 🙂", "whole 🙂")]
    public void Text_becomes_one_line_without_control_characters(string text, string expected) =>
        Assert.Equal(expected, ProviderText.Clean(text));

    /// <summary>Not a theory, because an attribute argument cannot hold an unpaired surrogate.</summary>
    [Fact]
    public void An_unpaired_surrogate_is_replaced_in_a_text_and_rejected_in_an_id() =>
        Assert.Equal(("half \ufffd", false), (ProviderText.Clean("half \ud83d"), ProviderText.IsId("ch\ud800")));

    [Fact]
    public void M9_Text_is_truncated_without_splitting_a_surrogate_pair()
    {
        Assert.Equal(500, ProviderText.Clean(new string('x', 100_000)).Length);
        Assert.Equal(new string('x', 499), ProviderText.Clean(new string('x', 499) + "🙂"));
    }

    [Theory]
    [InlineData("ch_1", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("ch\0", false)]
    public void An_id_is_accepted_unchanged_or_rejected(string? id, bool expected) => Assert.Equal(expected, ProviderText.IsId(id));

    [Fact]
    public void An_id_has_at_most_200_characters() =>
        Assert.Equal((true, false), (ProviderText.IsId(new string('x', 200)), ProviderText.IsId(new string('x', 201))));
}
