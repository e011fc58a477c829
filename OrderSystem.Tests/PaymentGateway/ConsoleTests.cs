using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.PaymentWorker;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>Refunds in parts, and what a person does at the provider's console: ledger, look-ups, settlement report and webhooks.</summary>
public sealed class ConsoleTests : IAsyncLifetime
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

    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task What_is_given_back_of_a_charge_never_exceeds_it_and_is_reported(string api)
    {
        var order = Guid.NewGuid();
        using var client = api == "stripe"
            ? WorkerClient.OfStripe(gateway.Http.BaseAddress!)
            : new WorkerClient(gateway.Http.BaseAddress!);
        var charged = await client.Client.ChargeAsync(order, 10m, "EUR", paymentMethod: null, Guid.NewGuid(), CancellationToken.None);
        var reference = Guid.NewGuid();
        var requested = await client.Client.RefundAsync(
            charged.Reference!, 4m, "EUR", reference, Guid.NewGuid(), CancellationToken.None);

        Assert.Equal(HttpStatusCode.BadRequest, (await ConsoleAsync("refunds", new { orderId = order, amount = 7m })).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ConsoleAsync("disputes", new { orderId = order, amount = 7m })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ConsoleAsync("refunds", new { orderId = Guid.NewGuid() })).Status);
        var console = (await ConsoleAsync("refunds", new { orderId = order, amount = 1m })).Body;
        var dispute = (await ConsoleAsync("disputes", new { orderId = order, reason = "fraudulent" })).Body;
        Assert.Equal((1m, 5m), (console.GetProperty("amount").GetDecimal(), dispute.GetProperty("amount").GetDecimal()));
        Assert.Equal(HttpStatusCode.BadRequest, (await ConsoleAsync("refunds", new { orderId = order })).Status);

        Assert.Equal(
            ["charge 10", "refund 4", "refund 1", "chargeback 5"],
            (await gateway.LedgerAsync()).Select(line =>
                $"{line.GetProperty("kind").GetString()} {line.GetProperty("amount").GetDecimal():0.##}"));
        var found = await client.Client.FindRefundAsync(charged.Reference!, reference, CancellationToken.None);
        Assert.Equal((requested.Reference, 4m), (found.Reference, found.Found!.Amount));
        Assert.False((await client.Client.FindAsync(order, CancellationToken.None)).Found!.IsRefunded);

        var report = await gateway.Http.GetStringAsync($"/settlement.csv?format={api}");
        Assert.Contains($"-5,0{(api == "http" ? "" : ",-5,dispute")}", report, StringComparison.Ordinal);
        Assert.Contains(dispute.GetProperty("id").GetString()!, report, StringComparison.Ordinal);

        string[] expected = api == "http"
            ? ["charge.succeeded", "refund.succeeded", "refund.succeeded", "charge.dispute.created", "charge.dispute.closed"]
            :
            [
                "payment_intent.succeeded", "refund.created", "charge.refunded", "refund.created", "charge.refunded",
                "charge.dispute.created", "charge.dispute.closed",
            ];
        await Eventually.GetAsync(
            "the webhooks are delivered",
            () => Task.FromResult(receiver.Requests.Select(TypeOf).Order(StringComparer.Ordinal).ToArray()),
            types => types.SequenceEqual(expected.Order(StringComparer.Ordinal)));
        Assert.Equal(expected.Length, receiver.Requests.Select(IdOf).Distinct(StringComparer.Ordinal).Count());
    }

    /// <summary>After a restart the ledger file tells what is left of each charge.</summary>
    [Fact]
    public async Task A_restart_keeps_the_refunds_with_their_references_and_what_is_left()
    {
        using var client = new WorkerClient(gateway.Http.BaseAddress!);
        var (order, reference) = (Guid.NewGuid(), Guid.NewGuid());
        var charged = await client.Client.ChargeAsync(order, 10m, "EUR", paymentMethod: null, Guid.NewGuid(), CancellationToken.None);
        await client.Client.RefundAsync(charged.Reference!, 4m, "EUR", reference, Guid.NewGuid(), CancellationToken.None);
        await ConsoleAsync("disputes", new { orderId = order, amount = 5m });

        await gateway.StopAsync();
        await gateway.StartAgainAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await ConsoleAsync("refunds", new { orderId = order, amount = 2m })).Status);
        var refunds = await gateway.Http.GetFromJsonAsync<JsonElement>($"/refunds?chargeId={charged.Reference}");
        Assert.Equal(reference.ToString(), Assert.Single(refunds.EnumerateArray()).GetProperty("reference").GetString());
        Assert.Equal(1m, (await ConsoleAsync("refunds", new { orderId = order })).Body.GetProperty("amount").GetDecimal());
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> ConsoleAsync(string what, object request)
    {
        using var answer = await gateway.Http.PostAsJsonAsync($"/console/{what}", request);
        return (answer.StatusCode, await answer.JsonAsync());
    }

    private static string TypeOf(ProviderRequest delivery) =>
        JsonSerializer.Deserialize<JsonElement>(delivery.Body).GetProperty("type").GetString()!;

    private static string IdOf(ProviderRequest delivery) => delivery.Headers.TryGetValue("webhook-id", out var id)
        ? id
        : JsonSerializer.Deserialize<JsonElement>(delivery.Body).GetProperty("id").GetString()!;
}
