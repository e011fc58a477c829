using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>Charges whose outcome comes later, and the webhooks that report it.</summary>
public sealed class ProcessingTests : IAsyncLifetime
{
    private readonly ScriptedProvider receiver = new() { Script = _ => ScriptedResponse.Of(200) };
    private Gateway gateway = null!;

    public async ValueTask InitializeAsync() => gateway = await Gateway.StartAsync(
        ("Webhooks__Url", $"{receiver.Address}webhooks"), ("Webhooks__Secret", WebhookSigner.Secret));

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_charge_in_processing_is_found_as_such_until_its_outcome_and_survives_a_restart()
    {
        await gateway.SetFaultsAsync(new { processingCents = new[] { 42 }, processingFor = "01:00:00" });
        using var charge = await gateway.ChargeAsync("long", order: "order-2", amount: 11.42m);
        Assert.Equal(HttpStatusCode.Accepted, charge.StatusCode);
        Assert.Equal("processing", await charge.TextAsync("status"));
        var waiting = await charge.TextAsync("id");
        await gateway.SetFaultsAsync(new { processingCents = new[] { 42 }, processingFor = "00:00:01" });
        using var brief = await gateway.ChargeAsync("key", amount: 10.42m);
        var settled = await brief.TextAsync("id");
        await WebhookAsync("charge.processing");

        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        await Eventually.BeTrueAsync("the charge has its outcome", async () => await StatusAsync("order-1") == "succeeded");
        await WebhookAsync("charge.succeeded");
        using var refunded = await gateway.RefundAsync("refund", settled, 10.42m);
        Assert.Equal(HttpStatusCode.OK, refunded.StatusCode);

        Assert.Equal("processing", await StatusAsync("order-2"));
        using var refused = await gateway.RefundAsync("refund-2", waiting, 11.42m);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var report = await gateway.Http.GetStringAsync("/settlement.csv");
        Assert.Contains(settled, report, StringComparison.Ordinal);
        Assert.DoesNotContain(waiting, report, StringComparison.Ordinal);

        // The first answer to a key stays its answer.
        using var again = await gateway.ChargeAsync("key", amount: 10.42m);
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
    }

    [Fact]
    public async Task Webhooks_are_signed_and_repeated_until_they_are_accepted_and_may_be_doubled_wrongly_signed_or_lost()
    {
        await gateway.SetFaultsAsync(new { declineCents = new[] { 13 }, webhookDuplicateRate = 1 });
        receiver.Script = _ => ScriptedResponse.Of(receiver.Requests.Count < 3 ? 503 : 200);
        (await gateway.ChargeAsync("declined", amount: 5.13m)).Dispose();
        await DeliveredAsync(2);
        var deliveries = receiver.Requests;
        Assert.True(deliveries.Count >= 4, $"{deliveries.Count} deliveries");
        Assert.All(deliveries, delivery =>
        {
            Assert.Equal(("/webhooks/http", deliveries[0].Headers["webhook-id"]), (delivery.Path, delivery.Headers["webhook-id"]));
            Assert.True(IsSigned(delivery));
            Assert.Equal("card_declined", Data(delivery).GetProperty("reason").GetString());
        });

        await gateway.SetFaultsAsync(new { webhookWrongSignatureRate = 1 });
        receiver.Script = _ => ScriptedResponse.Of(400);
        (await gateway.ChargeAsync("wrong")).Dispose();
        await Eventually.BeTrueAsync(
            "a webhook is wrongly signed", () => Task.FromResult(receiver.Requests.Any(delivery => !IsSigned(delivery))));

        await gateway.SetFaultsAsync(new { webhookLossRate = 1 });
        (await gateway.ChargeAsync("lost")).Dispose();
        await Eventually.BeTrueAsync("the webhook is lost", async () => await gateway.AttemptsAsync("webhookLost") == 1);
        receiver.Script = _ => ScriptedResponse.Of(200);
        await DeliveredAsync(3);
    }

    private async Task<string> StatusAsync(string order) => (await gateway.ChargesOfAsync(order))[0].GetProperty("status").GetString()!;

    private Task DeliveredAsync(long count) => Eventually.BeTrueAsync(
        $"{count} webhooks are delivered", async () => await gateway.AttemptsAsync("webhookDelivered") == count);

    private Task WebhookAsync(string type) => Eventually.BeTrueAsync(
        $"the webhook {type} is delivered",
        () => Task.FromResult(receiver.Requests.Any(
            delivery => JsonSerializer.Deserialize<JsonElement>(delivery.Body).GetProperty("type").GetString() == type)));

    private static JsonElement Data(ProviderRequest delivery) =>
        JsonSerializer.Deserialize<JsonElement>(delivery.Body).GetProperty("data");

    private static bool IsSigned(ProviderRequest delivery) => delivery.Headers["webhook-signature"]
        == "v1," + WebhookSigner.StandardSignature(
            delivery.Headers["webhook-id"], Encoding.UTF8.GetString(delivery.Body), WebhookSigner.Secret,
            DateTimeOffset.FromUnixTimeSeconds(long.Parse(delivery.Headers["webhook-timestamp"], CultureInfo.InvariantCulture)));
}
