using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>Each fault does what it says, and leaves the ledger as it says.</summary>
public sealed class FaultTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>, IAsyncLifetime
{
    private readonly Gateway gateway = fixture.Gateway;

    public async ValueTask InitializeAsync() => await gateway.ResetAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Faults_are_shown_set_and_healed()
    {
        await gateway.SetFaultsAsync(new { latency = "00:00:00.010", declineCents = new[] { 13 }, outage = true });
        var shown = await gateway.Http.GetFromJsonAsync<JsonElement>("/faults");
        Assert.Equal("00:00:00.0100000", shown.GetProperty("latency").GetString());
        Assert.Equal(13, shown.GetProperty("declineCents")[0].GetInt32());
        Assert.True(shown.GetProperty("outage").GetBoolean());

        await gateway.SetFaultsAsync(new { errorRate = 0.5 });
        Assert.False((await gateway.Http.GetFromJsonAsync<JsonElement>("/faults")).GetProperty("outage").GetBoolean());

        await gateway.HealAsync();
        Assert.Equal(0, (await gateway.Http.GetFromJsonAsync<JsonElement>("/faults")).GetProperty("errorRate").GetDouble());
    }

    [Theory]
    [InlineData("""{"errorRate":1.5}""")]
    [InlineData("""{"latency":"-00:00:01"}""")]
    [InlineData("""{"latency":200}""")]
    [InlineData("""{"rateLimit":0}""")]
    [InlineData("""{"declineCents":null}""")]
    [InlineData("""{"latancy":"00:00:01"}""")]
    public async Task A_setting_that_makes_no_sense_is_refused_and_changes_nothing(string faults)
    {
        using var response = await gateway.Http.PutAsync("/faults", new StringContent(faults, System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var charge = await gateway.ChargeAsync("key");
        Assert.Equal(HttpStatusCode.OK, charge.StatusCode);
    }

    [Fact]
    public async Task Declines_follow_their_rules_and_are_repeated_for_the_same_key()
    {
        await gateway.SetFaultsAsync(new { declineAbove = 100, declineCents = new[] { 13 }, declineOrders = new[] { "bad" } });

        await AssertAsync("above", "o", 100.01m, "amount_too_high");
        await AssertAsync("cents", "o", 5.13m, "card_declined");
        await AssertAsync("order", "bad", 1m, "do_not_honor");
        using var fine = await gateway.ChargeAsync("fine", "good", 100m);
        Assert.Equal(HttpStatusCode.OK, fine.StatusCode);

        await gateway.HealAsync();
        await AssertAsync("cents", "o", 5.13m, "card_declined");

        async Task AssertAsync(string key, string order, decimal amount, string reason)
        {
            using var response = await gateway.ChargeAsync(key, order, amount);
            Assert.Equal(HttpStatusCode.PaymentRequired, response.StatusCode);
            Assert.Equal("declined", await response.TextAsync("status"));
            Assert.Equal(reason, await response.TextAsync("reason"));
        }
    }

    [Fact]
    public async Task Latency_delays_the_answer_and_the_key_is_in_use_meanwhile()
    {
        await gateway.SetFaultsAsync(new { latency = "00:00:01", jitter = "00:00:00.050" });
        var started = Stopwatch.GetTimestamp();

        var responses = await Task.WhenAll(gateway.ChargeAsync("slow"), gateway.ChargeAsync("slow"));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Conflict], responses.Select(response => response.StatusCode).Order());
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(990));
    }

    [Fact]
    public async Task A_client_that_gives_up_during_the_latency_is_charged_all_the_same()
    {
        await gateway.SetFaultsAsync(new { latency = "00:00:00.500" });
        using var impatient = new HttpClient { BaseAddress = gateway.Http.BaseAddress, Timeout = TimeSpan.FromMilliseconds(150) };
        impatient.DefaultRequestHeaders.Add("Idempotency-Key", "given-up");

        await Assert.ThrowsAsync<TaskCanceledException>(() => impatient.PostAsJsonAsync("/charges", new { orderId = "o", amount = 1, currency = "EUR" }));

        await Eventually.BeTrueAsync("the charge is in the ledger", async () => (await gateway.LedgerAsync()).Count == 1);
    }

    [Theory]
    [InlineData("errorRate", HttpStatusCode.InternalServerError, 0, "error")]
    [InlineData("errorAfterChargeRate", HttpStatusCode.InternalServerError, 1, "errorAfterEffect")]
    [InlineData("keyInUseRate", HttpStatusCode.Conflict, 0, "keyInUse")]
    [InlineData("declineRate", HttpStatusCode.PaymentRequired, 1, "declined")]
    public async Task A_rate_of_one_hits_every_call(string fault, HttpStatusCode status, int ledgerLines, string counter)
    {
        await gateway.SetFaultsAsync(new Dictionary<string, double> { [fault] = 1 });

        using var response = await gateway.ChargeAsync("key");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(ledgerLines, (await gateway.LedgerAsync()).Count);
        Assert.Equal(1, await gateway.AttemptsAsync(counter));
    }

    [Fact]
    public async Task After_a_500_that_charged_the_same_key_finds_the_charge()
    {
        await gateway.SetFaultsAsync(new { errorAfterChargeRate = 1 });
        (await gateway.ChargeAsync("key", "o")).Dispose();

        using var again = await gateway.ChargeAsync("key", "o");

        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Single((await gateway.ChargesOfAsync("o")).EnumerateArray());
    }

    [Fact]
    public async Task Charge_then_drop_charges_and_cuts_the_connection()
    {
        await gateway.SetFaultsAsync(new { dropAfterChargeRate = 1 });

        await Assert.ThrowsAsync<HttpRequestException>(() => gateway.ChargeAsync("key", "o"));

        using var again = await gateway.ChargeAsync("key", "o");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Single(await gateway.LedgerAsync());
        Assert.Equal(1, await gateway.AttemptsAsync("droppedAfterEffect"));
    }

    [Fact]
    public async Task A_hanging_call_never_answers_charges_nothing_and_does_not_hold_up_the_stop()
    {
        await using var gateway = await Gateway.StartAsync(("Faults__HangRate", "1"));
        var hanging = gateway.ChargeAsync("key");
        await Eventually.BeTrueAsync("the call hangs", async () => await gateway.AttemptsAsync("hung") == 1);
        Assert.False(hanging.IsCompleted);

        Assert.Equal(0, await gateway.StopAsync());

        await Assert.ThrowsAsync<HttpRequestException>(() => hanging);
        Assert.Single(await File.ReadAllLinesAsync(gateway.Ledger));
    }

    [Fact]
    public async Task Over_the_rate_limit_calls_get_429_with_Retry_After()
    {
        await gateway.SetFaultsAsync(new { rateLimit = 5 });

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => gateway.ChargeAsync($"key-{i}", $"order-{i}")));

        var limited = responses.Where(response => response.StatusCode == HttpStatusCode.TooManyRequests).ToList();
        Assert.InRange(limited.Count, 30, 45);
        Assert.All(limited, response => Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta));
        Assert.Equal(50 - limited.Count, (await gateway.LedgerAsync()).Count);
    }

    [Fact]
    public async Task In_an_outage_every_call_is_503_until_it_is_healed()
    {
        await gateway.SetFaultsAsync(new { outage = true });

        using var charge = await gateway.ChargeAsync("key", "o");
        using var lookUp = await gateway.Http.GetAsync("/charges?orderId=o");
        using var refund = await gateway.RefundAsync("refund", "ch_1", 1m);
        Assert.All([charge, lookUp, refund], response => Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode));
        using var ready = await gateway.Http.GetAsync("/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);

        await gateway.HealAsync();
        using var healed = await gateway.ChargeAsync("key", "o");
        Assert.Equal(HttpStatusCode.OK, healed.StatusCode);
    }

    [Fact]
    public async Task Faults_of_the_configuration_hold_from_the_start_and_the_seed_makes_them_repeatable()
    {
        async Task<string> RunAsync(string seed)
        {
            await using var gateway = await Gateway.StartAsync(("Faults__ErrorRate", "0.5"), ("Faults__Seed", seed));
            var outcomes = string.Empty;
            for (var i = 0; i < 40; i++)
            {
                using var response = await gateway.ChargeAsync($"key-{i}", $"order-{i}");
                outcomes += response.IsSuccessStatusCode ? '+' : '-';
            }

            return outcomes;
        }

        var (first, second, other) = (await RunAsync("7"), await RunAsync("7"), await RunAsync("8"));

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
        Assert.Contains('+', first);
        Assert.Contains('-', first);
    }

    [Theory]
    [InlineData("Faults__ErrorRate", "2", "ErrorRate")]
    [InlineData("Faults__Latency", "soon", "Latency")]
    [InlineData("Faults__Latancy", "00:00:01", "Latancy")]
    public async Task A_bad_setting_at_start_gets_one_line_and_a_non_zero_exit(string name, string value, string named)
    {
        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.PaymentGateway", [KeyValuePair.Create(name, value)]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(named, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }
}
