using System.Net;
using System.Net.Http.Headers;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.Tests.PaymentWorker;
using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>Stripe's API of the simulator, called by Stripe's own client within the worker's pipeline.</summary>
public sealed class StripeTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>, IAsyncLifetime
{
    private readonly Gateway gateway = fixture.Gateway;
    private readonly Guid order = Guid.NewGuid();

    public async ValueTask InitializeAsync() => await gateway.ResetAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("EUR", "19.99")]
    [InlineData("JPY", "500")]
    [InlineData("KWD", "5.120")]
    [InlineData("UGX", "5")]
    public async Task A_charge_is_in_the_ledger_with_its_amount_and_is_found_and_refunded(string currency, string text)
    {
        var amount = decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        using var client = Client();
        var charged = await client.Client.ChargeAsync(order, amount, currency, paymentMethod: null, Guid.NewGuid(), CancellationToken.None);
        Assert.Equal(ChargeStatus.Succeeded, charged.Status);
        var line = Assert.Single(await gateway.LedgerAsync());
        Assert.Equal(charged.Reference, line.GetProperty("id").GetString());
        Assert.Equal((amount, currency), (line.GetProperty("amount").GetDecimal(), line.GetProperty("currency").GetString()));

        var found = await client.Client.FindAsync(order, CancellationToken.None);
        Assert.Equal((charged.Reference, new FoundCharge(amount, currency, IsRefunded: false)), (found.Reference, found.Found));

        var refunded = await RefundAsync();
        Assert.Equal(ChargeStatus.Succeeded, refunded.Status);
        Assert.True((await client.Client.FindAsync(order, CancellationToken.None)).Found!.IsRefunded);
        var again = await RefundAsync();
        Assert.Equal(ChargeStatus.Declined, again.Status);

        Task<ChargeOutcome> RefundAsync() => client.Client.RefundAsync(
            charged.Reference!, amount, currency, Guid.NewGuid(), Guid.NewGuid(), CancellationToken.None);
    }

    [Theory]
    [InlineData("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds")]
    [InlineData("pm_card_authenticationRequired", "requires_action")]
    public async Task A_payment_method_for_tests_declines(string method, string reason)
    {
        using var client = Client(("Payments:Stripe:PaymentMethod", method));
        var outcome = await client.ChargeAsync();
        Assert.Equal((ChargeStatus.Declined, reason), (outcome.Status, outcome.Reason));
    }

    [Fact]
    public async Task The_key_makes_one_charge_and_refuses_other_parameters()
    {
        using var client = Client();
        var key = Guid.NewGuid();
        var first = await client.Client.ChargeAsync(order, 10m, "EUR", paymentMethod: null, key, CancellationToken.None);
        var second = await client.Client.ChargeAsync(order, 10m, "EUR", paymentMethod: null, key, CancellationToken.None);
        var other = await client.Client.ChargeAsync(order, 11m, "EUR", paymentMethod: null, key, CancellationToken.None);

        Assert.Equal(first.Reference, second.Reference);
        Assert.Equal((ChargeStatus.Unknown, ProviderFailure.KeyReused), (other.Status, other.Failure));
        Assert.Single(await gateway.LedgerAsync());
    }

    [Fact]
    public async Task A_key_in_use_is_retried()
    {
        await gateway.SetFaultsAsync(new { keyInUseRate = 1.0 });
        using var client = Client();
        var outcome = await client.ChargeAsync();
        Assert.Equal((ProviderFailure.KeyInUse, 2), (outcome.Failure, outcome.Calls.Count));
    }

    /// <summary>Stripe stores the response of a call that it has begun, whatever it is: only the look-up tells what became of it.</summary>
    [Fact]
    public async Task An_error_after_the_effect_is_repeated_for_the_key_and_the_look_up_finds_the_charge()
    {
        await gateway.SetFaultsAsync(new { errorAfterChargeRate = 1.0 });
        using var client = Client();
        var key = Guid.NewGuid();
        Assert.Equal(
            ProviderFailure.ServerError,
            (await client.Client.ChargeAsync(order, 10m, "EUR", paymentMethod: null, key, CancellationToken.None)).Failure);
        await gateway.RemoveFaultsAsync();

        Assert.Equal(
            ProviderFailure.ServerError,
            (await client.Client.ChargeAsync(order, 10m, "EUR", paymentMethod: null, key, CancellationToken.None)).Failure);
        Assert.Equal(ChargeStatus.Succeeded, (await client.Client.FindAsync(order, CancellationToken.None)).Status);
    }

    [Theory]
    [InlineData("Bearer", "sk_test_1", HttpStatusCode.OK)]
    [InlineData("Bearer", "pk_test_1", HttpStatusCode.Unauthorized)]
    [InlineData("Basic", "cmtfdGVzdDo=", HttpStatusCode.OK)]
    [InlineData("Basic", "?", HttpStatusCode.Unauthorized)]
    public async Task Only_a_secret_or_restricted_key_is_accepted(string scheme, string key, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/charges?transfer_group=x")
        {
            Headers = { Authorization = new AuthenticationHeaderValue(scheme, key) },
        };
        using var response = await gateway.Http.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
        Assert.StartsWith("req_", response.Headers.GetValues("Request-Id").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotated_key_is_read_again_when_Stripe_rejects_the_old_one()
    {
        await using var strict = await Gateway.StartAsync(("Stripe__ApiKey", "sk_test_new"));
        var folder = Directory.CreateTempSubdirectory("stripe-key-").FullName;
        try
        {
            var address = strict.Http.BaseAddress!;
            using var client = WorkerClient.OfStripe(address, ("Payments:Stripe:ApiKey", "sk_test_old"), ("SECRETS_PATH", folder));
            await File.WriteAllTextAsync(Path.Combine(folder, "Payments__Stripe__ApiKey"), "sk_test_new\n");

            Assert.Equal(ProviderFailure.Credentials, (await client.ChargeAsync()).Failure);
            Assert.Equal(ChargeStatus.Succeeded, (await client.ChargeAsync()).Status);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private WorkerClient Client(params (string Name, string Value)[] settings) =>
        WorkerClient.OfStripe(gateway.Http.BaseAddress!, settings);
}
