using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>The faults of the simulated provider, and their effect on the ledger.</summary>
public sealed class FaultTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>, IAsyncLifetime
{
    private readonly Gateway gateway = fixture.Gateway;

    public async ValueTask InitializeAsync() => await gateway.ResetAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Faults_can_be_set_read_and_removed()
    {
        await gateway.SetFaultsAsync(new { latency = "00:00:00.010", declineCents = new[] { 13 }, outage = true });
        var shown = await gateway.Http.GetFromJsonAsync<JsonElement>("/faults");
        Assert.Equal("00:00:00.0100000", shown.GetProperty("latency").GetString());
        Assert.Equal(13, shown.GetProperty("declineCents")[0].GetInt32());
        Assert.True(shown.GetProperty("outage").GetBoolean());

        await gateway.SetFaultsAsync(new { errorRate = 0.5 });
        Assert.False((await gateway.Http.GetFromJsonAsync<JsonElement>("/faults")).GetProperty("outage").GetBoolean());

        await gateway.RemoveFaultsAsync();
        Assert.Equal(0, (await gateway.Http.GetFromJsonAsync<JsonElement>("/faults")).GetProperty("errorRate").GetDouble());
    }

    [Theory]
    [InlineData("""{"errorRate":1.5}""")]
    [InlineData("""{"latency":"-00:00:01"}""")]
    [InlineData("""{"latency":200}""")]
    [InlineData("""{"rateLimit":0}""")]
    [InlineData("""{"declineCents":null}""")]
    [InlineData("""{"latancy":"00:00:01"}""")]
    public async Task An_invalid_setting_is_refused_and_changes_nothing(string faults)
    {
        using var body = new StringContent(faults, System.Text.Encoding.UTF8, "application/json");
        using var response = await gateway.Http.PutAsync("/faults", body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var charge = await gateway.ChargeAsync("key");
        Assert.Equal(HttpStatusCode.OK, charge.StatusCode);
    }

    [Fact]
    public async Task A_decline_follows_the_settings_and_is_replayed_for_the_same_key()
    {
        await gateway.SetFaultsAsync(new { declineAbove = 100, declineCents = new[] { 13 }, declineOrders = new[] { "bad" } });

        await AssertAsync("above", "o", 100.01m, "amount_too_high");
        await AssertAsync("cents", "o", 5.13m, "card_declined");
        await AssertAsync("order", "bad", 1m, "do_not_honor");
        using var fine = await gateway.ChargeAsync("fine", "good", 100m);
        Assert.Equal(HttpStatusCode.OK, fine.StatusCode);

        await gateway.RemoveFaultsAsync();
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
    public async Task During_the_latency_of_a_call_its_key_is_in_use()
    {
        await gateway.SetFaultsAsync(new { latency = "00:00:01", jitter = "00:00:00.050" });
        var started = Stopwatch.GetTimestamp();

        var responses = await Task.WhenAll(gateway.ChargeAsync("slow"), gateway.ChargeAsync("slow"));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Conflict], responses.Select(response => response.StatusCode).Order());
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(990));
    }

    [Fact]
    public async Task A_client_that_disconnects_during_the_latency_is_charged()
    {
        await gateway.SetFaultsAsync(new { latency = "00:00:00.500" });
        using var client = new HttpClient { BaseAddress = gateway.Http.BaseAddress, Timeout = TimeSpan.FromMilliseconds(150) };
        client.DefaultRequestHeaders.Add("Idempotency-Key", "abandoned");

        var charge = new { orderId = "o", amount = 1, currency = "EUR" };
        await Assert.ThrowsAsync<TaskCanceledException>(() => client.PostAsJsonAsync("/charges", charge));

        await Eventually.BeTrueAsync("the charge is in the ledger", async () => (await gateway.LedgerAsync()).Count == 1);
    }

    [Theory]
    [InlineData("errorRate", HttpStatusCode.InternalServerError, 0, "error")]
    [InlineData("errorAfterChargeRate", HttpStatusCode.InternalServerError, 1, "errorAfterEffect")]
    [InlineData("keyInUseRate", HttpStatusCode.Conflict, 0, "keyInUse")]
    [InlineData("declineRate", HttpStatusCode.PaymentRequired, 1, "declined")]
    public async Task With_a_rate_of_1_every_call_has_the_fault(string fault, HttpStatusCode status, int ledgerLines, string counter)
    {
        await gateway.SetFaultsAsync(new Dictionary<string, double> { [fault] = 1 });

        using var response = await gateway.ChargeAsync("key");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(ledgerLines, (await gateway.LedgerAsync()).Count);
        Assert.Equal(1, await gateway.AttemptsAsync(counter));
    }

    [Fact]
    public async Task After_an_error_that_charged_the_same_key_returns_the_charge()
    {
        await gateway.SetFaultsAsync(new { errorAfterChargeRate = 1 });
        (await gateway.ChargeAsync("key", "o")).Dispose();

        using var again = await gateway.ChargeAsync("key", "o");

        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Single((await gateway.ChargesOfAsync("o")).EnumerateArray());
    }

    [Fact]
    public async Task A_dropped_connection_after_the_charge_leaves_one_charge()
    {
        await gateway.SetFaultsAsync(new { dropAfterChargeRate = 1 });

        await Assert.ThrowsAsync<HttpRequestException>(() => gateway.ChargeAsync("key", "o"));

        using var again = await gateway.ChargeAsync("key", "o");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Single(await gateway.LedgerAsync());
        Assert.Equal(1, await gateway.AttemptsAsync("droppedAfterEffect"));
    }

    [Fact]
    public async Task A_hanging_call_charges_nothing_and_does_not_delay_shutdown()
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
    public async Task Above_the_rate_limit_calls_get_429_with_Retry_After()
    {
        await gateway.SetFaultsAsync(new { rateLimit = 5 });

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => gateway.ChargeAsync($"key-{i}", $"order-{i}")));

        var limited = responses.Where(response => response.StatusCode == HttpStatusCode.TooManyRequests).ToList();
        Assert.InRange(limited.Count, 30, 45);
        Assert.All(limited, response => Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta));
        Assert.Equal(50 - limited.Count, (await gateway.LedgerAsync()).Count);
    }

    [Fact]
    public async Task During_an_outage_every_call_gets_503()
    {
        await gateway.SetFaultsAsync(new { outage = true });

        using var charge = await gateway.ChargeAsync("key", "o");
        using var lookUp = await gateway.Http.GetAsync("/charges?orderId=o");
        using var refund = await gateway.RefundAsync("refund", "ch_1", 1m);
        Assert.All([charge, lookUp, refund], response => Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode));
        using var ready = await gateway.Http.GetAsync("/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);

        await gateway.RemoveFaultsAsync();
        using var healed = await gateway.ChargeAsync("key", "o");
        Assert.Equal(HttpStatusCode.OK, healed.StatusCode);
    }

    [Fact]
    public async Task Configured_faults_apply_from_the_start_and_a_seed_makes_them_reproducible()
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
    public async Task An_invalid_setting_at_start_is_named_and_the_exit_code_is_not_0(string name, string value, string setting)
    {
        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.PaymentGateway", [KeyValuePair.Create(name, value)]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(setting, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }
}
