using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Tests the checks that a soak ends with: each violation must be reported.</summary>
[Fast]
public sealed class SoakRulesTests
{
    private static readonly Guid Order = Guid.NewGuid();

    [Theory]
    [InlineData("paid", "GET 200 pending, GET 200 paid, cancel 409 paid", null)]
    [InlineData("cancelled", "GET 200 pending, cancel 202, cancel 202, GET 200 cancelled", null)]
    [InlineData("paid", "GET 200 manualReview, GET 200 paid", null)]
    [InlineData("paid", "GET 503, GET none, GET 200 pending", null)]
    [InlineData("paid", "GET 200 paid, GET 200 pending", "was paid at 1.50 s and pending at 2.00 s")]
    [InlineData("paid", "cancel 202, GET 200 pending, GET 200 paid", "was cancelled at 1.50 s and paid at 3.00 s")]
    [InlineData("paid", "cancel 202", "was cancelled at 1.50 s (cancel) and is paid at the end")]
    [InlineData("paid", "cancel 409 pending", "was rejected because it is pending")]
    [InlineData("paid", "GET 404", "a GET of it was answered with 404")]
    [InlineData("paid", "cancel 500", "a cancel of it was answered with 500")]
    public void Responses_are_checked_against_each_other_and_against_the_final_status(string final, string answers, string? expected)
    {
        var request = new LoadRequest("key", "customer", 1, "EUR");
        request.Add(new(default, default, new("http://localhost"), LoadOutcome.Accepted, null, Order, null));
        var journey = new SoakJourney(request);
        foreach (var (number, answer) in answers.Split(", ").Select(text => text.Split(' ')).Index())
            journey.Add(new(
                answer[0], TimeSpan.FromSeconds(number + 1), TimeSpan.FromSeconds(number + 1.5),
                int.TryParse(answer[1], out var code) ? code : null, answer.ElementAtOrDefault(2)));

        var wrong = SoakHistoryRules.Check([journey], new() { Orders = [new(Order, "customer", 1, "EUR", final)] });

        if (expected is null)
            Assert.Empty(wrong);
        else
            Assert.Contains(wrong, text => text.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(100, 160, true)]
    [InlineData(100, 145, false)]
    public void Growing_memory_is_reported_and_warm_up_is_not(double second, double last, bool grows)
    {
        var series = new SoakSeries("memory", allowed: 20);
        foreach (var part in new[] { 30, second, second, last, last })
        {
            for (var i = 0; i < 10; i++)
                series.Add(TimeSpan.FromSeconds(i), part + i - 5);
        }

        Assert.Equal(grows, series.Grows);
    }

    [Fact]
    public void A_charge_that_was_refunded_too_often_is_reported()
    {
        AuditLedgerLine charge = new("charge", "charge", "key", "order", null, 2, "EUR", "succeeded");

        Assert.Empty(Twice(charge, Refund("one", "a"), Refund("two", "b")));
        Assert.Contains(Twice(charge, Refund("one", "a"), Refund("two", "a")),
            text => text.StartsWith("I3 refund a was made 2 times", StringComparison.Ordinal));
        Assert.Contains(Twice(charge, Refund("one", "a"), Refund("two", "b"), Refund("three", null)),
            text => text.StartsWith("I3 charge charge was refunded 3, more than it was", StringComparison.Ordinal));

        AuditLedgerLine Refund(string id, string? reference) =>
            new("refund", id, $"key-{id}", null, "charge", 1, "EUR", "succeeded", reference);

        IEnumerable<string> Twice(params AuditLedgerLine[] ledger) =>
            AuditRules.Check(new() { Ledger = ledger }, new(), new()).Where(text => text.StartsWith("I3", StringComparison.Ordinal));
    }
}
