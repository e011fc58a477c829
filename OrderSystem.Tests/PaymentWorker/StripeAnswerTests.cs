using System.Text;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Each row of Stripe's table in docs/payment-providers.md: Stripe's own client over a real connection.</summary>
[Fast]
public sealed class StripeAnswerTests : IAsyncDisposable
{
    private readonly ScriptedProvider stripe = new();

    public static TheoryData<string> Answers => new(StripeRows.All.Select(row => row.Answer));

    public ValueTask DisposeAsync() => stripe.DisposeAsync();

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_response_of_Stripe_is_classified_as_documented(string answer)
    {
        var row = StripeRows.All.Single(row => row.Answer == answer);
        stripe.Script = _ => row.Script;
        using var client = WorkerClient.OfStripe(
            row.Script is null ? new Uri($"http://127.0.0.1:{Ports.Free()}") : stripe.Address, WorkerClient.ShortTimeoutFor(row.Failure));

        var outcome = await client.ChargeAsync();

        Assert.Equal((row.Status, row.Failure), (outcome.Status, outcome.Failure));
        Assert.Equal(row.Failure, client.Health.LastFailure);

        // One retry at most: only the pipeline repeats a call.
        Assert.InRange(outcome.Calls.Count, 1, 2);
        Assert.True(
            row.Status is not (ChargeStatus.Succeeded or ChargeStatus.Processing) || outcome.Reference == "ch_1", outcome.Reference);
        Assert.DoesNotContain("pm_secret", outcome.Reason ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void The_documented_responses_of_Stripe_are_the_tested_ones()
    {
        var page = File.ReadAllLines(Path.Combine(Solution.Root, "docs", "payment-providers.md"));
        var listed = page.SkipWhile(line => line != "| Stripe's answer to a charge | is | cause |").Skip(2)
            .TakeWhile(line => line.StartsWith('|'));
        Assert.Equal(
            StripeRows.All.Select(row => $"| {row.Answer} | {row.Status.ToString().ToLowerInvariant()} | {CauseOf(row)} |"), listed);
    }

    [Theory]
    [InlineData("card_declined", "insufficient_funds", "insufficient_funds")]
    [InlineData("expired_card", null, "expired_card")]
    [InlineData("authentication_required", "authentication_required", "requires_action")]
    public async Task The_reason_of_a_decline_is_the_code_of_Stripe(string code, string? declineCode, string reason)
    {
        var more = declineCode is null ? "" : $"\"decline_code\":\"{declineCode}\",";
        stripe.Script = _ => StripeRows.Error(402, "card_error", code, more);
        using var client = WorkerClient.OfStripe(stripe.Address);
        Assert.Equal(reason, (await client.ChargeAsync()).Reason);
    }

    [Fact]
    public async Task A_charge_is_one_request_with_the_key_of_the_payment_and_without_telemetry()
    {
        stripe.Script = _ => stripe.Requests.Count == 1 ? ScriptedResponse.Of(503) : StripeRows.All[0].Script;
        using var client = WorkerClient.OfStripe(stripe.Address);
        var (order, key) = (Guid.NewGuid(), Guid.NewGuid());

        await client.Client.ChargeAsync(order, 19.99m, "EUR", paymentMethod: null, key, CancellationToken.None);

        // The retry is the pipeline's: the same request again.
        Assert.Equal(2, stripe.Requests.Count);
        Assert.All(stripe.Requests, request =>
        {
            Assert.Equal(("POST", "/v1/payment_intents"), (request.Method, request.Path));
            Assert.Equal(key.ToString(), request.Headers["Idempotency-Key"]);
            Assert.Equal("Bearer sk_test_1", request.Headers["Authorization"]);
            Assert.False(request.Headers.ContainsKey("X-Stripe-Client-Telemetry"));
            var form = Uri.UnescapeDataString(Encoding.UTF8.GetString(request.Body)).Split('&');
            Assert.Superset(
                new HashSet<string>(StringComparer.Ordinal)
                {
                    "amount=1999", "currency=eur", "confirm=true", "error_on_requires_action=true", "payment_method=pm_card_visa",
                    $"metadata[order_id]={order}", $"transfer_group={order}", "automatic_payment_methods[allow_redirects]=never",
                },
                form.ToHashSet(StringComparer.Ordinal));
        });
        Assert.Equal(stripe.Requests[0].Body, stripe.Requests[1].Body);
    }

    [Fact]
    public async Task The_payment_method_of_the_order_takes_precedence_over_the_common_one()
    {
        stripe.Script = _ => StripeRows.All[0].Script;
        using var client = WorkerClient.OfStripe(stripe.Address);

        await client.Client.ChargeAsync(Guid.NewGuid(), 19.99m, "EUR", "pm_own", Guid.NewGuid(), CancellationToken.None);

        Assert.Contains("payment_method=pm_own", Encoding.UTF8.GetString(stripe.Requests.Single().Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_order_without_a_payment_method_is_refused_with_what_to_set_and_nothing_is_sent()
    {
        using var client = WorkerClient.OfStripe(stripe.Address, ("Payments:Stripe:PaymentMethod", ""));
        var outcome = await client.ChargeAsync();
        Assert.Equal(ChargeStatus.Refused, outcome.Status);
        Assert.Contains("Payments__Stripe__PaymentMethod", outcome.Reason, StringComparison.Ordinal);
        Assert.Empty(stripe.Requests);
    }

    /// <summary>Whatever Stripe's client throws about a complete response, the table has classified it.</summary>
    [Theory]
    [InlineData(200, "null", nameof(ProviderFailure.Contract))]
    [InlineData(402, "[]", nameof(ProviderFailure.Contract))]
    [InlineData(500, "[]", nameof(ProviderFailure.ServerError))]
    [InlineData(429, "null", nameof(ProviderFailure.RateLimit))]
    public async Task A_response_that_the_client_of_Stripe_cannot_read_is_classified_all_the_same(int status, string body, string expected)
    {
        stripe.Script = _ => ScriptedResponse.Of(status, body);
        using var client = WorkerClient.OfStripe(stripe.Address);
        Assert.Equal(expected, (await client.ChargeAsync()).Failure.ToString());
    }

    [Fact]
    public async Task A_call_that_its_caller_cancels_between_two_attempts_is_cancelled()
    {
        stripe.Script = _ => ScriptedResponse.Of(503);
        using var client = WorkerClient.OfStripe(
            stripe.Address, ("Payments:RetryDelay", "00:00:20"), ("Payments:TotalTimeout", "00:00:50"));
        using var caller = new CancellationTokenSource();
        var call = client.Client.ChargeAsync(Guid.NewGuid(), 1m, "EUR", paymentMethod: null, Guid.NewGuid(), caller.Token);
        await Eventually.BeTrueAsync(
            "the first attempt is answered", () => Task.FromResult(client.Health.LastFailure == ProviderFailure.ServerError));

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    /// <summary>A provider that answers so is well, and one payment must not stop all others.</summary>
    [Theory]
    [InlineData("200 with `status` processing")]
    [InlineData("400 `idempotency_error`: the key with other parameters")]
    [InlineData("409: the key is in use")]
    public async Task An_outcome_that_is_not_known_yet_never_opens_the_circuit(string answer)
    {
        var row = StripeRows.All.Single(row => row.Answer == answer);
        stripe.Script = _ => row.Script;
        using var client = WorkerClient.OfStripe(stripe.Address, ("Payments:Breaker:MinimumCalls", "2"));
        for (var call = 0; call < 6; call++)
            Assert.Equal(row.Failure, (await client.ChargeAsync()).Failure);
    }

    [Theory]
    [InlineData("[]", nameof(ChargeStatus.None))]
    [InlineData("""[{"id":"ch_1","status":"succeeded","amount":1999,"currency":"eur","refunded":false}]""", nameof(ChargeStatus.Succeeded))]
    [InlineData("""[{"id":"ch_2","status":"failed"},{"id":"ch_1","status":"succeeded","amount":1999,"currency":"eur"}]""",
        nameof(ChargeStatus.Succeeded))]
    [InlineData("""[{"id":"ch_1","status":"failed","outcome":{"reason":"do_not_honor"}}]""", nameof(ChargeStatus.Declined))]
    [InlineData("""[{"id":"ch_1","status":"failed"},{"id":"ch_2","status":"pending"}]""", nameof(ChargeStatus.Processing))]
    [InlineData("""[{"id":"ch_1","status":"pending"},{"id":"ch_2","status":"new"}]""", nameof(ChargeStatus.Unknown))]
    [InlineData("""[{"id":"ch_1","status":"new"}]""", nameof(ChargeStatus.Unknown))]
    public async Task A_look_up_at_Stripe_is_classified_by_the_charges_it_finds(string charges, string expected)
    {
        stripe.Script = _ => ScriptedResponse.Of(200, $$"""{"object":"list","has_more":false,"data":{{charges}}}""");
        using var client = WorkerClient.OfStripe(stripe.Address);
        var order = Guid.NewGuid();

        var found = await client.Client.FindAsync(order, CancellationToken.None);

        Assert.Equal(expected, found.Status.ToString());
        Assert.True(found.Status != ChargeStatus.Succeeded || found.Found == new FoundCharge(19.99m, "EUR", IsRefunded: false), $"{found}");
        Assert.Contains($"transfer_group={order}", Assert.Single(stripe.Requests).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_of_charges_with_more_to_come_proves_nothing()
    {
        stripe.Script = _ => ScriptedResponse.Of(200, """{"object":"list","has_more":true,"data":[]}""");
        using var client = WorkerClient.OfStripe(stripe.Address);
        Assert.Equal(ChargeStatus.Unknown, (await client.FindAsync()).Status);
    }

    [Theory]
    [InlineData("19.99", "EUR", 1999)]
    [InlineData("500", "JPY", 500)]
    [InlineData("5", "ISK", 500)]
    [InlineData("5", "UGX", 500)]
    [InlineData("5", "MGA", 5)]
    [InlineData("5.12", "KWD", 5120)]
    [InlineData("5.124", "KWD", null)]
    [InlineData("5.50", "MGA", null)]
    [InlineData("5.5", "ISK", null)]
    [InlineData("5.124", "LYD", null)]
    public void An_amount_is_converted_to_the_units_of_Stripe_or_refused(string amount, string currency, int? units)
    {
        var value = decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(units is not null, StripeAmount.TryToMinorUnits(value, currency, out var converted));
        Assert.Equal(units ?? 0, converted);
        Assert.True(units is null || StripeAmount.FromMinorUnits(converted, currency) == value, amount);
    }

    private static string CauseOf(ProviderRow row) => ProviderHealth.Causes.TryGetValue(row.Failure, out var cause) ? $"`{cause}`" : "";
}
