using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Ops.Payments;
using OrderSystem.PaymentWorker.Payments;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Whether the result of a look-up confirms or contradicts an operator's decision.</summary>
[Fast]
public sealed class ProviderViewTests
{
    private static readonly Dictionary<string, ChargeOutcome> Found = new(StringComparer.Ordinal)
    {
        ["charged"] = ChargeOutcome.Succeeded("ch_1") with { Found = new(1, "EUR", IsRefunded: false) },
        ["refunded"] = ChargeOutcome.Succeeded("ch_1") with { Found = new(1, "EUR", IsRefunded: true) },
        ["another amount"] = ChargeOutcome.Refused("another amount") with { Reference = "ch_1", Found = new(2, "EUR", IsRefunded: false) },
        ["another amount, refunded"] =
            ChargeOutcome.Refused("another amount") with { Reference = "ch_1", Found = new(2, "EUR", IsRefunded: true) },
        ["declined"] = ChargeOutcome.Declined("ch_1", "insufficient funds"),
        ["processing"] = ChargeOutcome.Processing("ch_1"),
        ["nothing"] = ChargeOutcome.None,
        ["refused"] = ChargeOutcome.Refused("422"),
        ["unknown"] = ChargeOutcome.Unknown(ProviderFailure.Timeout, "silence"),
        ["unavailable"] = ChargeOutcome.Unavailable(ProviderFailure.Credentials, "401"),
    };

    [Theory]
    [InlineData("charged", "Confirms", "Contradicts", "Contradicts")]
    [InlineData("refunded", "Contradicts", "Contradicts", "Confirms")]
    [InlineData("another amount", "IsSilent", "Contradicts", "Contradicts")]
    [InlineData("another amount, refunded", "Contradicts", "Contradicts", "Confirms")]
    [InlineData("declined", "Contradicts", "Confirms", "Contradicts")]
    [InlineData("nothing", "IsSilent", "Confirms", "IsSilent")]
    [InlineData("processing", "IsSilent", "IsSilent", "IsSilent")]
    [InlineData("refused", "IsSilent", "IsSilent", "IsSilent")]
    [InlineData("unknown", "IsSilent", "IsSilent", "IsSilent")]
    [InlineData("unavailable", "IsSilent", "IsSilent", "IsSilent")]
    public void A_look_up_confirms_a_decision_contradicts_it_or_says_nothing(
        string found, string succeeded, string declined, string refunded)
    {
        Assert.Equal([succeeded, declined, refunded],
            new[] { PaymentStatus.Succeeded, PaymentStatus.Declined, PaymentStatus.Refunded }
                .Select(decision => $"{ProviderViews.Of(Found[found], decision, "ch_1", noCallInFlight: true)}"));
    }

    [Fact]
    public void A_charge_with_another_reference_contradicts_the_decision() =>
        Assert.Equal(ProviderView.Contradicts, ProviderViews.Of(Found["charged"], PaymentStatus.Succeeded, "ch_2", noCallInFlight: true));

    [Fact]
    public void A_decision_of_declined_is_not_confirmed_while_a_charge_may_be_in_flight() =>
        Assert.Equal(
            ProviderView.IsSilent,
            ProviderViews.Of(ChargeOutcome.None, PaymentStatus.Declined, reference: null, noCallInFlight: false));
}
