using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Contracts;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Which calls a refund needs, and what is certain after them.</summary>
[Fast]
public sealed class RefundInquiryTests
{
    private static readonly ChargeOutcome Unanswered = ChargeOutcome.Unknown(ProviderFailure.Timeout, "no response in time");
    private static readonly ChargeOutcome Made =
        ChargeOutcome.Succeeded("re_1") with { Found = new FoundCharge(4, "EUR", IsRefunded: false) };

    [Fact]
    public async Task A_first_attempt_is_one_call()
    {
        var provider = new ScriptedRefunds(ChargeOutcome.Succeeded("re_1"), Unanswered);
        var answer = await RefundAsync(provider, lookUpFirst: false);
        Assert.Equal((ChargeStatus.Succeeded, "re_1", "refund"), (answer.Outcome.Status, answer.Outcome.Reference, provider.Calls));
    }

    [Fact]
    public async Task A_refund_that_a_look_up_finds_is_not_made_again()
    {
        var provider = new ScriptedRefunds(Unanswered, Made);
        Assert.Equal(ChargeStatus.Succeeded, (await RefundAsync(provider, lookUpFirst: true)).Outcome.Status);
        Assert.Equal("look-up", provider.Calls);
    }

    [Fact]
    public async Task Without_an_answer_to_the_look_up_nothing_is_refunded_and_the_attempt_does_not_count()
    {
        var provider = new ScriptedRefunds(ChargeOutcome.Succeeded("re_1"), Unanswered);
        var answer = await RefundAsync(provider, lookUpFirst: true);
        Assert.Equal((ChargeStatus.Unknown, false, "look-up"), (answer.Outcome.Status, answer.Counts, provider.Calls));
    }

    [Fact]
    public async Task After_a_decline_the_look_up_tells_whether_an_earlier_call_has_refunded()
    {
        var declined = ChargeOutcome.Declined(null, "not_refundable");
        Assert.Equal(
            ChargeStatus.Succeeded, (await RefundAsync(new ScriptedRefunds(declined, Made), lookUpFirst: false)).Outcome.Status);
        Assert.Equal(
            ChargeStatus.Declined,
            (await RefundAsync(new ScriptedRefunds(declined, ChargeOutcome.NoRefund), lookUpFirst: false)).Outcome.Status);
        Assert.Equal(
            ChargeStatus.Unknown, (await RefundAsync(new ScriptedRefunds(declined, Unanswered), lookUpFirst: false)).Outcome.Status);
    }

    [Fact]
    public async Task A_refund_of_another_amount_needs_a_person()
    {
        var other = Made with { Found = new FoundCharge(5, "EUR", IsRefunded: false) };
        var answer = await RefundAsync(new ScriptedRefunds(Unanswered, other), lookUpFirst: true);
        Assert.Equal((ChargeStatus.Refused, "the provider has refunded 5 EUR as re_1"), (answer.Outcome.Status, answer.Outcome.Reason));
    }

    /// <summary>The provider has accepted it, so that a list without it is behind.</summary>
    [Fact]
    public async Task A_refund_in_processing_is_only_looked_up()
    {
        var provider = new ScriptedRefunds(ChargeOutcome.Succeeded("re_1"), ChargeOutcome.NoRefund);
        var answer = await RefundAsync(provider, lookUpFirst: true, processingFor: TimeSpan.FromMinutes(1));
        Assert.Equal((ChargeStatus.Processing, "look-up"), (answer.Outcome.Status, provider.Calls));
    }

    /// <summary>All of it was refunded at the provider's console before the order was cancelled.</summary>
    [Fact]
    public async Task Nothing_is_refunded_of_a_cancelled_order_of_which_nothing_is_left()
    {
        var provider = new ScriptedRefunds(ChargeOutcome.Succeeded("re_1"), ChargeOutcome.None);
        var time = TimeProvider.System;
        var inquiry = new Inquiry(provider, new Doubt(Options.Create(new GatewayOptions()), time));
        var refund = new OpenRefund(Guid.NewGuid(), Guid.NewGuid(), 0, "EUR", "ch_1", Guid.NewGuid(), 1);
        Assert.Equal(ChargeStatus.Refused, (await inquiry.RefundAsync(refund, lookUpFirst: false, CancellationToken.None)).Outcome.Status);
        Assert.Equal("look-up", provider.Calls);
    }

    private static Task<Answer> RefundAsync(ScriptedRefunds provider, bool lookUpFirst, TimeSpan? processingFor = null)
    {
        var inquiry = new Inquiry(provider, new Doubt(Options.Create(new GatewayOptions()), TimeProvider.System));
        var part = new EndingRefund(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 4, "EUR", RefundSource.Request, 0);
        var refund = new OpenRefund(part.OrderId, part.PaymentId, part.Amount, part.Currency, "ch_1", Guid.NewGuid(), 1)
        {
            OfPaidOrder = part,
            ProcessingFor = processingFor,
        };
        return inquiry.RefundAsync(refund, lookUpFirst, CancellationToken.None);
    }

    /// <summary>A provider with one answer to a refund and one to a look-up.</summary>
    private sealed class ScriptedRefunds(ChargeOutcome refund, ChargeOutcome lookUp) : IPaymentProvider
    {
        internal string Calls { get; private set; } = "";

        public Task<ChargeOutcome> ChargeAsync(
            Guid orderId, decimal amount, string currency, string? paymentMethod, Guid key, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ChargeOutcome> FindAsync(Guid orderId, CancellationToken cancellationToken) => Called("look-up", lookUp);

        public Task<ChargeOutcome> RefundAsync(
            string chargeId, decimal amount, string currency, Guid? reference, Guid key, CancellationToken cancellationToken) =>
            Called("refund", refund);

        public Task<ChargeOutcome> FindRefundAsync(string chargeId, Guid reference, CancellationToken cancellationToken) =>
            Called("look-up", lookUp);

        private Task<ChargeOutcome> Called(string call, ChargeOutcome outcome)
        {
            Calls = Calls.Length == 0 ? call : $"{Calls} {call}";
            return Task.FromResult(outcome);
        }
    }
}
