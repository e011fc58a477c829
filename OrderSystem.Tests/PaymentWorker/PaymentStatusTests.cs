using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.PaymentWorker.Payments;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Which status of a payment may follow which, for every pair of them.</summary>
[Fast]
public sealed class PaymentStatusTests
{
    private static readonly PaymentStatus[] All = Enum.GetValues<PaymentStatus>();

    /// <summary>The transitions are repeated here on purpose: one that is added or lost by mistake fails.</summary>
    [Theory]
    [InlineData("charging", "succeeded declined refunded review")]
    [InlineData("unknown", "succeeded declined refunded review")]
    [InlineData("processing", "succeeded declined refunded review")]
    [InlineData("succeeded", "")]
    [InlineData("declined", "")]
    [InlineData("cancelled", "")]
    [InlineData("refunding", "refunded review")]
    [InlineData("refunded", "")]
    [InlineData("review", "succeeded declined refunded")]
    public void A_payment_ends_as_its_status_allows_and_in_no_other_way(string status, string outcomes)
    {
        var from = PaymentStatuses.Parse(status);
        var allowed = outcomes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(PaymentStatuses.Parse).ToArray();

        Assert.All(allowed, outcome => Assert.Equal(outcome, OutcomeOf([from], outcome).Status));
        Assert.All(All.Except(allowed), outcome =>
        {
            var refused = Assert.Throws<ArgumentException>(() => OutcomeOf([from], outcome));
            Assert.Contains($"{status} cannot become {outcome.ToName()}", refused.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void One_status_that_forbids_the_outcome_is_enough() =>
        Assert.Throws<ArgumentException>(() => OutcomeOf([PaymentStatus.Charging, PaymentStatus.Refunding], PaymentStatus.Succeeded));

    [Fact]
    public void A_status_is_read_from_its_exact_name()
    {
        Assert.All(All, status => Assert.Equal(status, PaymentStatuses.Parse(status.ToName())));
        Assert.Throws<ArgumentException>(() => PaymentStatuses.Parse("Charging"));
        Assert.Throws<ArgumentException>(() => PaymentStatuses.Parse(""));
    }

    private static Outcome OutcomeOf(PaymentStatus[] from, PaymentStatus outcome) => new(
        from, outcome, StoredEvent.CreateUnnumbered(
            new PaymentDeclined(Guid.CreateVersion7(), Guid.CreateVersion7(), 1, "EUR", "declined"), DateTimeOffset.UnixEpoch));
}
