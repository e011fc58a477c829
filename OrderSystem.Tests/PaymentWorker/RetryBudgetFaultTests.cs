using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>The retry budget under a failing provider: how often the provider is called, and what becomes of the orders.</summary>
public sealed class RetryBudgetFaultTests
{
    private const int Orders = 40;
    private const int Burst = 10;
    private const int PerSecond = 3;

    [Theory]
    [InlineData("errorRate", "error")]
    [InlineData("hangRate", "hung")]
    public async Task A_failing_provider_is_called_within_the_budget_and_every_order_is_finished(string fault, string counted)
    {
        // Without this, the circuit breaker would limit the calls before the budget does.
        await using var system = await FaultSystem.StartAsync(settings:
        [
            ("Payments__Breaker__MinimumCalls", "10000"),
            ("Payments__RetryBudget__Burst", $"{Burst}"), ("Payments__RetryBudget__PerSecond", $"{PerSecond}"),
        ]);
        await system.SetProviderAsync(new Dictionary<string, double> { [fault] = 1.0 });
        var started = TimeProvider.System.GetTimestamp();

        await system.Load.RunAsync(new(Orders, PerSecond: 40));
        await Eventually.BeTrueAsync(
            "every order has had a first attempt",
            async () => await CountAsync(system, "jsonb_array_length(coalesce(calls, '[]')) > 0") == Orders);
        await Eventually.BeTrueAsync(
            "an order waits for the budget",
            async () => await CountAsync(system, "reason = 'the retry budget is exhausted'") > 0);
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);

        var asked = await AttemptsAsync(system, counted);
        var lasted = TimeProvider.System.GetElapsedTime(started);
        Assert.InRange(asked, Orders + Burst, (Orders * 1.1) + (PerSecond * lasted.TotalSeconds) + Burst);
        Assert.Equal(0L, await CountAsync(system, "status = 'review'"));

        await system.SetProviderAsync(null);
        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(90));
        Assert.Equal(Orders, snapshot.Ledger.Count);
        Assert.Equal(0, snapshot.DeadLetters);
    }

    [Fact]
    public async Task First_attempts_do_not_wait_for_the_budget()
    {
        await using var system = await FaultSystem.StartAsync(settings:
        [
            ("Payments__Breaker__MinimumCalls", "10000"), ("Payments__RetryBudget__Burst", "2"),
            ("Payments__RetryBudget__PerSecond", "0.1"), ("Payments__RetryBudget__Ratio", "0"),
        ]);
        await system.SetProviderAsync(new { errorRate = 1.0 });
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 20));
        await Eventually.BeTrueAsync(
            "the budget is used up", async () => await CountAsync(system, "reason = 'the retry budget is exhausted'") > 5);
        await system.SetProviderAsync(null);

        await system.Load.RunAsync(new(Orders, PerSecond: 40));

        await Eventually.BeTrueAsync(
            "the new orders are paid",
            async () => await CountAsync(system, "status = 'succeeded'") >= Orders,
            TimeSpan.FromSeconds(10));
        Assert.InRange(await CountAsync(system, "status = 'unknown'"), 1, 10);
    }

    private static Task<long> CountAsync(FaultSystem system, string condition) =>
        Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE {condition}");

    private static async Task<long> AttemptsAsync(FaultSystem system, string outcome)
    {
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        return (await provider.GetFromJsonAsync<JsonElement>("/ledger/summary")).GetProperty("attempts").GetProperty(outcome).GetInt64();
    }
}
