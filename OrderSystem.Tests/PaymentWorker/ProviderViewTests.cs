using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Ops.Payments;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>What a look-up says of an operator's decision.</summary>
public sealed class ProviderViewTests
{
    private static readonly Dictionary<string, ChargeOutcome> Found = new(StringComparer.Ordinal)
    {
        ["charged"] = ChargeOutcome.Succeeded("ch_1") with { Found = new(1, "EUR", IsRefunded: false) },
        ["given back"] = ChargeOutcome.Succeeded("ch_1") with { Found = new(1, "EUR", IsRefunded: true) },
        ["another amount"] = ChargeOutcome.Refused("another amount") with { Reference = "ch_1", Found = new(2, "EUR", IsRefunded: false) },
        ["another amount, given back"] = ChargeOutcome.Refused("another amount") with { Reference = "ch_1", Found = new(2, "EUR", IsRefunded: true) },
        ["declined"] = ChargeOutcome.Declined("ch_1", "insufficient funds"),
        ["nothing"] = ChargeOutcome.None,
        ["refused"] = ChargeOutcome.Refused("422"),
        ["unknown"] = ChargeOutcome.Unknown(ProviderFailure.Timeout, "silence"),
        ["unavailable"] = ChargeOutcome.Unavailable(ProviderFailure.Credentials, "401"),
    };

    [Theory]
    [InlineData("charged", "Confirms", "Contradicts", "Contradicts")]
    [InlineData("given back", "Contradicts", "Contradicts", "Confirms")]
    [InlineData("another amount", "IsSilent", "Contradicts", "Contradicts")]
    [InlineData("another amount, given back", "Contradicts", "Contradicts", "Confirms")]
    [InlineData("declined", "Contradicts", "Confirms", "Contradicts")]
    [InlineData("nothing", "IsSilent", "Confirms", "IsSilent")]
    [InlineData("refused", "IsSilent", "IsSilent", "IsSilent")]
    [InlineData("unknown", "IsSilent", "IsSilent", "IsSilent")]
    [InlineData("unavailable", "IsSilent", "IsSilent", "IsSilent")]
    public void It_confirms_contradicts_or_is_silent(string found, string succeeded, string declined, string refunded)
    {
        Assert.Equal([succeeded, declined, refunded],
            new[] { "succeeded", "declined", "refunded" }
                .Select(decision => $"{ProviderViews.Of(Found[found], decision, "ch_1", noCallInFlight: true)}"));
    }

    [Fact]
    public void Another_charge_than_the_one_that_was_named_contradicts() =>
        Assert.Equal(ProviderView.Contradicts, ProviderViews.Of(Found["charged"], "succeeded", "ch_2", noCallInFlight: true));

    [Fact]
    public void A_charge_that_may_still_come_is_not_known_to_have_failed() =>
        Assert.Equal(ProviderView.IsSilent, ProviderViews.Of(ChargeOutcome.None, "declined", reference: null, noCallInFlight: false));
}
