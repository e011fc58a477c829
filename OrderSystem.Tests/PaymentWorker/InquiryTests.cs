using Microsoft.Extensions.Options;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>A charge with the order's own payment method, and what a look-up before it finds.</summary>
[Fast]
public sealed class InquiryTests
{
    private readonly QuotingProvider provider = new();

    [Fact]
    public async Task A_payment_method_that_the_provider_quotes_in_its_reason_is_removed()
    {
        var answer = await ChargeAsync("pm_secret");

        Assert.Equal("the card behind [payment method] has expired", answer.Outcome.Reason);
        Assert.Equal(["pm_secret"], provider.Charged);
    }

    [Fact]
    public async Task Without_its_payment_method_an_order_is_not_charged_and_the_attempt_does_not_count()
    {
        var answer = await ChargeAsync(method: null);

        Assert.Equal((ChargeStatus.Unavailable, ProviderFailure.PaymentMethod), (answer.Outcome.Status, answer.Outcome.Failure));
        Assert.False(answer.Counts);
        Assert.Empty(provider.Charged);
    }

    [Theory]
    [InlineData(10, "EUR", "Succeeded")]
    [InlineData(9.99, "EUR", "Refused")]
    [InlineData(10, "USD", "Refused")]
    public async Task A_charge_that_a_look_up_finds_is_the_outcome_unless_its_amount_or_currency_differs(
        double amount, string currency, string status)
    {
        provider.Found = ChargeOutcome.Succeeded("ch_1") with { Found = new((decimal)amount, currency, IsRefunded: false) };

        var answer = await ChargeAsync("pm_secret", lookUpFirst: true);

        Assert.Equal(status, $"{answer.Outcome.Status}");
        Assert.Empty(provider.Charged);
    }

    private Task<Answer> ChargeAsync(string? method, bool lookUpFirst = false)
    {
        var time = TimeProvider.System;
        var inquiry = new Inquiry(provider, new Doubt(Options.Create(new GatewayOptions()), time));
        var payment = new Payment(Guid.NewGuid(), Guid.NewGuid(), 10, "EUR", Guid.NewGuid(), 1, time.GetUtcNow())
        {
            HasMethod = true,
            Method = method,
        };
        return inquiry.ChargeAsync(payment, lookUpFirst, CancellationToken.None);
    }

    private sealed class QuotingProvider : IPaymentProvider
    {
        internal List<string?> Charged { get; } = [];

        internal ChargeOutcome Found { get; set; } = ChargeOutcome.None;

        public Task<ChargeOutcome> ChargeAsync(
            Guid orderId, decimal amount, string currency, string? paymentMethod, Guid key, CancellationToken cancellationToken)
        {
            Charged.Add(paymentMethod);
            return Task.FromResult(ChargeOutcome.Declined("ch_1", $"the card behind {paymentMethod} has expired"));
        }

        public Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken) => Task.FromResult(Found);

        public Task<ChargeOutcome> RefundAsync(
            string chargeId, decimal amount, string currency, Guid? reference, Guid key, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ChargeOutcome> FindRefundAsync(string chargeId, Guid reference, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
