using System.Text;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Each row of docs/payment-providers.md, over a real connection.</summary>
[Fast]
public sealed class ProviderAnswerTests : IAsyncDisposable
{
    private readonly ScriptedProvider provider = new();

    public static TheoryData<string> Answers => new(ProviderRow.Rows.Select(row => row.Answer));

    public ValueTask DisposeAsync() => provider.DisposeAsync();

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_charge_response_is_classified_as_documented(string answer)
    {
        var row = ProviderRow.Rows.Single(row => row.Answer == answer);
        provider.Script = _ => row.Script;
        using var client = new WorkerClient(
            row.Script is null ? new Uri($"http://127.0.0.1:{Ports.Free()}") : provider.Address, WorkerClient.ShortTimeoutFor(row.Failure));

        var outcome = await client.ChargeAsync();

        Assert.Equal((row.Status, row.Failure), (outcome.Status, outcome.Failure));
        Assert.Equal(row.Failure, client.Health.LastFailure);
        Assert.NotEmpty(outcome.Calls);
        Assert.True(
            row.Status is not (ChargeStatus.Succeeded or ChargeStatus.Processing) || outcome.Reference == "ch_1", outcome.Reference);
        Assert.True(
            outcome.Reason is null || (outcome.Reason.Length is > 0 and <= 500 && !outcome.Reason.Any(char.IsControl)),
            outcome.Reason);
    }

    [Theory]
    [InlineData("pm_1", ",\"paymentMethod\":\"pm_1\"}")]
    [InlineData(null, ",\"currency\":\"EUR\"}")]
    public async Task A_charge_carries_the_payment_method_of_the_order_if_it_has_one(string? method, string end)
    {
        provider.Script = _ => ProviderRow.Rows[0].Script;
        using var client = new WorkerClient(provider.Address);

        await client.Client.ChargeAsync(Guid.NewGuid(), 19.99m, "EUR", method, Guid.NewGuid(), CancellationToken.None);

        Assert.EndsWith(end, Encoding.UTF8.GetString(provider.Requests.Single().Body), StringComparison.Ordinal);
    }

    [Fact]
    public void The_documented_responses_are_the_tested_ones()
    {
        var page = File.ReadAllLines(Path.Combine(Solution.Root, "docs", "payment-providers.md"));
        var listed = page.SkipWhile(line => line != "| answer to a charge | is | cause |").Skip(2).TakeWhile(line => line.StartsWith('|'));
        Assert.Equal(
            ProviderRow.Rows.Select(row => $"| {row.Answer} | {row.Status.ToString().ToLowerInvariant()} | {CauseOf(row)} |"),
            listed);
    }

    [Theory]
    [InlineData(200, """[]""", nameof(ChargeStatus.None))]
    [InlineData(200, """[{"id":"a","status":"succeeded","amount":1,"currency":"EUR"}]""", nameof(ChargeStatus.Succeeded))]
    [InlineData(200, """[{"id":"b","status":"declined"},{"id":"a","status":"succeeded"},{"id":"c","status":"declined"}]""",
        nameof(ChargeStatus.Succeeded))]
    [InlineData(200, """[{"id":"b","status":"declined","reason":"no"}]""", nameof(ChargeStatus.Declined))]
    [InlineData(200, """[{"id":"b","status":"processing"}]""", nameof(ChargeStatus.Processing))]
    [InlineData(200, """[{"id":"b","status":"processing"},{"id":"a","status":"declined"}]""", nameof(ChargeStatus.Processing))]
    [InlineData(200, """[{"id":"b","status":"pending"}]""", nameof(ChargeStatus.Unknown))]
    [InlineData(200, """{}""", nameof(ChargeStatus.Unknown))]
    [InlineData(204, "", nameof(ChargeStatus.Unknown))]
    [InlineData(400, """{}""", nameof(ChargeStatus.Refused))]
    [InlineData(404, """{}""", nameof(ChargeStatus.Unavailable))]
    [InlineData(401, """{}""", nameof(ChargeStatus.Unavailable))]
    public async Task A_look_up_is_classified_by_the_charges_it_finds(int status, string body, string expected)
    {
        provider.Script = _ => ScriptedResponse.Of(status, body);
        using var client = new WorkerClient(provider.Address);
        Assert.Equal(expected, (await client.FindAsync()).Status.ToString());
    }

    [Fact]
    public async Task A_look_up_prefers_a_kept_charge_to_a_refunded_one()
    {
        provider.Script = _ => ScriptedResponse.Of(
            200,
            """[{"id":"a","status":"succeeded"},"""
                + """{"id":"b","status":"succeeded","amount":2.5,"currency":"EUR","refundedAt":"2026-01-31T12:00:00Z"}]""");
        using var client = new WorkerClient(provider.Address);
        Assert.Equal(
            ("a", new FoundCharge(null, null, IsRefunded: false)),
            ((await client.FindAsync()) is var kept ? kept.Reference : null, kept.Found));

        provider.Script = _ => ScriptedResponse.Of(
            200, """[{"id":"b","status":"succeeded","amount":2.5,"currency":"EUR","refundedAt":"2026-01-31T12:00:00Z"}]""");
        Assert.Equal(new FoundCharge(2.5m, "EUR", IsRefunded: true), (await client.FindAsync()).Found);
    }

    /// <summary>A provider that answers so is well, and its outcomes are yet to come.</summary>
    [Fact]
    public async Task Payments_that_the_provider_is_processing_never_open_the_circuit()
    {
        provider.Script = _ => ScriptedResponse.Of(202, """{"id":"ch_1","status":"processing"}""");
        using var client = new WorkerClient(provider.Address, ("Payments:Breaker:MinimumCalls", "2"));
        for (var call = 0; call < 6; call++)
        {
            var outcome = await client.ChargeAsync();
            Assert.Equal((ChargeStatus.Processing, 1), (outcome.Status, outcome.Calls.Count));
        }
    }

    [Theory]
    [InlineData(404, "application/problem+json", nameof(ChargeStatus.Refused))]
    [InlineData(404, "text/html", nameof(ChargeStatus.Unavailable))]
    [InlineData(422, "application/problem+json", nameof(ChargeStatus.Refused))]
    [InlineData(402, "application/json", nameof(ChargeStatus.Declined))]
    [InlineData(400, "application/json", nameof(ChargeStatus.Declined))]
    [InlineData(403, "application/json", nameof(ChargeStatus.Unavailable))]
    public async Task A_refund_response_is_classified_by_status_and_content_type(int status, string contentType, string expected)
    {
        provider.Script = _ => ScriptedResponse.Of(status, "{}", contentType);
        using var client = new WorkerClient(provider.Address);
        Assert.Equal(expected, (await client.RefundAsync()).Status.ToString());
    }

    [Fact]
    public async Task A_rejected_retry_leaves_the_outcome_of_the_first_attempt_unknown()
    {
        provider.Script = _ => provider.Requests.Count == 1 ? ScriptedResponse.Of(503) : ScriptedResponse.Of(401, "{}");
        using var client = new WorkerClient(provider.Address);

        var outcome = await client.ChargeAsync();

        Assert.Equal((ChargeStatus.Unknown, 2), (outcome.Status, outcome.Calls.Count));
    }

    [Theory]
    [InlineData(429, 60, 1)]
    [InlineData(503, 60, 1)]
    [InlineData(429, 1, 2)]
    [InlineData(429, 100_000, 1)]
    public async Task Retry_After_is_waited_for_only_within_the_deadline(int status, int seconds, int calls)
    {
        provider.Script = _ => ScriptedResponse.Of(status, "", null, $"Retry-After: {seconds}");
        using var client = new WorkerClient(provider.Address);

        var outcome = await client.ChargeAsync();

        Assert.Equal((calls, TimeSpan.FromSeconds(Math.Min(seconds, 3600))), (outcome.Calls.Count, outcome.RetryAfter));
    }

    private static string CauseOf(ProviderRow row) => ProviderHealth.Causes.TryGetValue(row.Failure, out var cause) ? $"`{cause}`" : "";
}
