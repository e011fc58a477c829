using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrderSystem.PaymentWorker.Gateway;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>The default budget: a tenth of the first attempts, one retry per second, and a burst of twenty.</summary>
[Fast]
public sealed class RetryBudgetTests
{
    private readonly FakeTimeProvider time = new();
    private readonly RetryBudget budget;

    public RetryBudgetTests() => budget = new(Options.Create(new GatewayOptions()), time);

    [Fact]
    public void The_burst_and_no_more_can_be_spent_at_once() => Assert.Equal(20, Spend());

    [Fact]
    public void Ten_first_attempts_earn_one_retry()
    {
        Spend();
        for (var i = 0; i < 9; i++)
            budget.Earn();
        Assert.False(budget.TrySpend());
        budget.Earn();
        Assert.Equal(1, Spend());
    }

    [Fact]
    public void Every_second_earns_one_retry()
    {
        Spend();
        time.Advance(TimeSpan.FromSeconds(0.99));
        Assert.Equal(0, budget.Available);
        time.Advance(TimeSpan.FromSeconds(0.01));
        Assert.Equal(1, budget.Available);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(5, Spend());
    }

    [Fact]
    public void Earned_retries_are_capped_at_the_burst()
    {
        time.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 1_000; i++)
            budget.Earn();
        Assert.Equal(20, Spend());
    }

    [Fact]
    public void Several_calls_are_granted_together_or_not_at_all()
    {
        for (var i = 0; i < 19; i++)
            budget.TrySpend();
        Assert.False(budget.TrySpend(calls: 2));
        Assert.True(budget.TrySpend());
    }

    [Fact]
    public void Retries_that_made_no_call_are_returned()
    {
        Spend();
        budget.Settle(spent: 2, ChargeOutcome.Unavailable(ProviderFailure.Circuit, "open"));
        Assert.Equal(2, Spend());
    }

    [Fact]
    public void A_retry_that_gets_an_outcome_costs_nothing()
    {
        Spend();
        budget.Settle(spent: 2, ChargeOutcome.Succeeded("ch_1") with { Calls = [Call("look-up"), Call("charge")] });
        Assert.Equal(2, Spend());
        budget.Settle(spent: 1, ChargeOutcome.Succeeded("ch_1") with { Calls = [Call("charge"), Call("charge")] });
        Assert.Equal(2, Spend());
    }

    [Fact]
    public void A_retry_without_an_outcome_stays_spent()
    {
        Spend();
        budget.Settle(
            spent: 1,
            ChargeOutcome.Unknown(ProviderFailure.Timeout, "silent") with { Calls = [Call("charge"), Call("charge"), Call("charge")] });
        Assert.Equal(0, Spend());
    }

    [Fact]
    public void Returned_retries_are_capped_at_the_burst()
    {
        budget.Settle(spent: 100, ChargeOutcome.Succeeded("ch_1"));
        Assert.Equal(20, Spend());
    }

    [Fact]
    public void Retries_stay_within_the_budget_in_a_random_sequence()
    {
        var random = new Random(17);
        var (firsts, spent, seconds) = (0, 0, 0.0);
        for (var i = 0; i < 20_000; i++)
        {
            switch (random.Next(3))
            {
                case 0:
                    budget.Earn();
                    firsts++;
                    break;
                case 1:
                    spent += budget.TrySpend() ? 1 : 0;
                    break;
                default:
                    var pause = random.NextDouble() * 0.2;
                    time.Advance(TimeSpan.FromSeconds(pause));
                    seconds += pause;
                    break;
            }

            Assert.True(spent <= 20 + (0.1 * firsts) + seconds + 0.001, $"{spent} after {firsts} first attempts and {seconds} s");
        }

        Assert.True(spent > 20 + (0.09 * firsts), $"{spent} after {firsts} first attempts");
    }

    private int Spend()
    {
        var spent = 0;
        while (budget.TrySpend())
            spent++;
        return spent;
    }

    private ProviderCall Call(string kind) => new(time.GetUtcNow(), kind, "200", 1, Reference: null, TraceId: null);
}
