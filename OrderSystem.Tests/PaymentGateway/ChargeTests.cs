using System.Net;
using System.Text;
using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>Charges, look-up and refunds, each once per idempotency key.</summary>
public sealed class ChargeTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly Gateway gateway = fixture.Gateway;
    private readonly string order = Guid.NewGuid().ToString();

    [Fact]
    public async Task A_charge_succeeds_and_is_found_by_its_order()
    {
        using var response = await gateway.ChargeAsync(NewKey(), order, 12.50m);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var charge = await response.JsonAsync();
        Assert.Equal("succeeded", charge.GetProperty("status").GetString());

        var found = Assert.Single((await gateway.ChargesOfAsync(order)).EnumerateArray());
        Assert.Equal(charge.GetProperty("id").GetString(), found.GetProperty("id").GetString());
        Assert.Equal(12.50m, found.GetProperty("amount").GetDecimal());
        Assert.Equal("EUR", found.GetProperty("currency").GetString());
        var now = TimeProvider.System.GetUtcNow();
        Assert.InRange(found.GetProperty("createdAt").GetDateTimeOffset(), now.AddMinutes(-1), now);
        Assert.False(found.TryGetProperty("refundedAt", out _));
    }

    [Fact]
    public async Task The_same_key_and_body_get_the_first_response_again()
    {
        var key = NewKey();
        using var first = await gateway.ChargeAsync(key, order);
        using var second = await gateway.ChargeAsync(key, order);

        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Equal(["true"], second.Headers.GetValues("Idempotency-Replayed"));
        Assert.Single((await gateway.ChargesOfAsync(order)).EnumerateArray());
    }

    [Fact]
    public async Task The_same_key_with_a_different_body_gets_422()
    {
        var key = NewKey();
        (await gateway.ChargeAsync(key, order, 1m)).Dispose();

        foreach (var other in new[] { (order, 2m, "EUR"), (order, 1m, "USD"), (order + "x", 1m, "EUR") })
        {
            using var response = await gateway.ChargeAsync(key, other.Item1, other.Item2, other.Item3);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
            Assert.Equal("key_reused", await response.TextAsync("code"));
        }

        using var refund = await gateway.RefundAsync(key, "ch_x_1", 1m);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refund.StatusCode);
    }

    [Fact]
    public async Task Without_a_key_nothing_is_charged()
    {
        using var response = await gateway.SendAsync("/charges", key: null, new { orderId = order, amount = 1, currency = "EUR" });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("key_missing", await response.TextAsync("code"));
        Assert.Empty((await gateway.ChargesOfAsync(order)).EnumerateArray());
    }

    [Fact]
    public async Task Fifty_concurrent_requests_with_one_key_make_one_charge()
    {
        var key = NewKey();
        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => gateway.ChargeAsync(key, order)));

        var statuses = responses.Select(response => response.StatusCode).ToList();
        Assert.All(statuses, status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Conflict, $"{status}"));
        Assert.Contains(HttpStatusCode.OK, statuses);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var response in responses.Where(response => response.IsSuccessStatusCode)) ids.Add(await response.TextAsync("id"));
        Assert.Single(ids);
        Assert.Single((await gateway.ChargesOfAsync(order)).EnumerateArray());
    }

    [Fact]
    public async Task Two_keys_for_one_order_make_two_charges_and_the_summary_lists_the_order()
    {
        (await gateway.ChargeAsync(NewKey(), order)).Dispose();
        (await gateway.ChargeAsync(NewKey(), order)).Dispose();

        Assert.Equal(2, (await gateway.ChargesOfAsync(order)).GetArrayLength());
        var chargedTwice = (await gateway.SummaryAsync()).GetProperty("ordersChargedTwice");
        Assert.Contains(order, chargedTwice.EnumerateArray().Select(id => id.GetString()));
    }

    [Theory]
    [InlineData("orderId", """{"amount":1,"currency":"EUR"}""")]
    [InlineData("orderId", """{"orderId":"","amount":1,"currency":"EUR"}""")]
    [InlineData("amount", """{"orderId":"o","currency":"EUR"}""")]
    [InlineData("amount", """{"orderId":"o","amount":0,"currency":"EUR"}""")]
    [InlineData("amount", """{"orderId":"o","amount":-1,"currency":"EUR"}""")]
    [InlineData("amount", """{"orderId":"o","amount":1.23456,"currency":"EUR"}""")]
    [InlineData("amount", """{"orderId":"o","amount":79228162514264337593543950335,"currency":"EUR"}""")]
    [InlineData("currency", """{"orderId":"o","amount":1}""")]
    [InlineData("currency", """{"orderId":"o","amount":1,"currency":"eur"}""")]
    [InlineData("currency", """{"orderId":"o","amount":1,"currency":"EURO"}""")]
    public async Task An_invalid_field_is_named(string field, string body)
    {
        using var response = await PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.True((await response.JsonAsync()).GetProperty("errors").TryGetProperty(field, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"orderId":""")]
    [InlineData("""{"orderId":"o","amount":"much","currency":"EUR"}""")]
    [InlineData("""{"orderId":"o","amount":1e400,"currency":"EUR"}""")]
    public async Task A_body_that_is_not_a_charge_gets_400_with_problem_details(string body)
    {
        using var response = await PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_refund_happens_once_per_key_and_never_exceeds_the_charge()
    {
        using var charged = await gateway.ChargeAsync(NewKey(), order, 10m);
        var (charge, key) = (await charged.TextAsync("id"), NewKey());

        using var first = await gateway.RefundAsync(key, charge, 6m);
        using var again = await gateway.RefundAsync(key, charge, 6m);
        using var tooMuch = await gateway.RefundAsync(NewKey(), charge, 6m);
        using var rest = await gateway.RefundAsync(NewKey(), charge, 4m);

        Assert.Equal("succeeded", await first.TextAsync("status"));
        Assert.Equal(await first.TextAsync("id"), await again.TextAsync("id"));
        Assert.Equal(HttpStatusCode.BadRequest, tooMuch.StatusCode);
        Assert.Equal("not_refundable", await tooMuch.TextAsync("code"));
        Assert.Equal(HttpStatusCode.OK, rest.StatusCode);
        Assert.True(Assert.Single((await gateway.ChargesOfAsync(order)).EnumerateArray()).TryGetProperty("refundedAt", out _));
        var ledger = await gateway.LedgerAsync();
        Assert.Equal(2, ledger.Count(line => line.TryGetProperty("chargeId", out var id) && id.GetString() == charge));
    }

    [Fact]
    public async Task Twenty_concurrent_full_refunds_refund_once()
    {
        using var charged = await gateway.ChargeAsync(NewKey(), order, 10m);
        var charge = await charged.TextAsync("id");

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gateway.RefundAsync(NewKey(), charge, 10m)));

        Assert.Single(responses, response => response.IsSuccessStatusCode);
    }

    [Fact]
    public async Task An_unknown_charge_cannot_be_refunded()
    {
        foreach (var id in new[] { "ch_00000000_1", "nonsense", "ch__", "1", "ch_x_99999999999999999999" })
        {
            using var response = await gateway.RefundAsync(NewKey(), id, 1m);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    private static string NewKey() => Guid.NewGuid().ToString();

    private async Task<HttpResponseMessage> PostAsync(string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/charges");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Add("Idempotency-Key", NewKey());
        return await gateway.Http.SendAsync(request);
    }
}
