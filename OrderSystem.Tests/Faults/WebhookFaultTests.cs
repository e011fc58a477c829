using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Outcomes that come by a webhook, and webhooks that come late, twice, in another order, wrongly signed or never.</summary>
public sealed class WebhookFaultTests
{
    /// <summary>While a secret is rotated.</summary>
    private static readonly (string Name, string Value)[] Settings =
    [
        .. ProviderSettings.Of("http"), ("Payments__WebhookSecret", $"{WebhookSigner.OtherSecret} {WebhookSigner.Secret}"),
        ("Payments__Stripe__WebhookSecret", $"{WebhookSigner.OtherSecret} {WebhookSigner.Secret}"),
    ];

    /// <summary>Look-ups would come too late for that: after a minute.</summary>
    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task A_payment_in_processing_ends_by_its_webhook_alone(string provider)
    {
        await using var system = await FaultSystem.StartAsync(
            settings: [.. Settings, ("Payments__Provider", provider), ("Payments__ProcessingLookUps__0", "01:00:00")]);
        using var client = new Client(system.ApiAddresses[0]);

        // Long enough to be cancelled meanwhile; the others need not wait.
        await system.SetProviderAsync(new { processingRate = 1, processingFor = "00:00:15" });
        var cancelled = await client.PlaceAsync(price: 11m);
        await Eventually.BeTrueAsync("the charge is being processed", async () => await StatusAsync(system, cancelled) is "processing");
        await system.SetProviderAsync(new
        {
            processingRate = 1, processingFor = "00:00:01", declineCents = new[] { 14 }, webhookDuplicateRate = 0.5,
            webhookWrongSignatureRate = 0.3, seed = system.Dice.Seed,
        });
        var paid = await client.PlaceAsync(price: 10m);
        var declined = await client.PlaceAsync(price: 10.07m);
        (await client.Http.PostAsync(new Uri($"/orders/{cancelled}/cancel", UriKind.Relative), content: null)).EnsureSuccessStatusCode();

        await client.WaitForAsync(paid, "paid");
        Assert.Equal("card_declined", (await client.WaitForAsync(declined, "paymentFailed")).GetProperty("reason").GetString());
        await Eventually.BeTrueAsync("the charge is refunded", async () => await StatusAsync(system, cancelled) is "refunded");
        var snapshot = await system.AuditAsync();
        Assert.Equal((3L, 0L), (snapshot.Attempts["processing"], snapshot.Attempts["lookedUp"]));
        Assert.Equal(1, snapshot.Ledger.Count(line => line.IsRefund));
    }

    [Fact]
    public async Task Lost_doubled_reordered_and_wrongly_signed_webhooks_during_worker_kills_leave_one_charge_for_each_order()
    {
        await using var system = await FaultSystem.StartAsync(
            workers: 2, settings: [.. Settings, ("Payments__Provider", "stripe"), ("Payments__ProcessingLookUps__0", "00:00:03")]);
        await system.SetProviderAsync(new
        {
            processingRate = 0.7, processingFor = "00:00:02", declineRate = 0.1, dropAfterChargeRate = 0.1,
            webhookLossRate = 0.3, webhookDuplicateRate = 0.3, webhookReorder = "00:00:03", webhookWrongSignatureRate = 0.1,
            seed = system.Dice.Seed,
        });

        var load = system.Load.RunAsync(new(Orders: 120, PerSecond: 15));
        while (await Task.WhenAny(load, Task.Delay(system.Dice.Between(1, 2), TimeProvider.System)) != load)
        {
            await system.KillAsync(system.Dice.OneOf(system.Workers));
            await system.StartWorkerAsync();
        }

        await load;
        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(120));
        Assert.Equal(120, snapshot.Ledger.Count);
        Assert.All(snapshot.Orders, order => Assert.True(order.Status is "paid" or "paymentFailed", order.ToString()));
        Assert.True(snapshot.Attempts["webhookLost"] > 10 && snapshot.Attempts["webhookDelivered"] > 30, snapshot.ToString());
        Assert.True(snapshot.Attempts["lookedUp"] > 0, "No look-up had to end a payment whose webhook was lost.");
        await Eventually.GetAsync(
            "every webhook is applied, and none is dead",
            () => Sql.RowAsync(
                system.PaymentsDatabase,
                "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'dead'), max(detail) "
                    + "FROM webhook_events"),
            row => row is [0L, 0L, _]);
        Assert.True(await Sql.ScalarAsync<long>(
            system.PaymentsDatabase, "SELECT count(*) FROM webhook_events WHERE detail = 'the payment has its outcome'") > 0);
    }

    [Fact]
    public async Task A_webhook_before_its_payment_is_kept_and_one_that_contradicts_a_final_outcome_is_a_finding_and_no_change()
    {
        await using var system = await FaultSystem.StartAsync(settings: Settings);
        using var client = new Client(system.ApiAddresses[0]);
        using var worker = Tokens.Http(system.Workers[0].Address);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };

        // The provider charges an order that the worker has not taken up yet, and is out of service when it does.
        (await worker.PostAsync(new Uri("/ops/pause", UriKind.Relative), content: null)).EnsureSuccessStatusCode();
        var order = await client.PlaceAsync();
        using var charge = new HttpRequestMessage(HttpMethod.Post, "/charges")
        {
            Content = JsonContent.Create(new { orderId = order, amount = 39.98m, currency = "EUR" }),
            Headers = { { "Idempotency-Key", ProviderKey.OfCharge(order).ToString() } },
        };
        using var charged = await gateway.SendAsync(charge);
        var reference = (await charged.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        await Eventually.BeTrueAsync("the webhook waits for its payment", async () => await Sql.ScalarAsync<long>(
            system.PaymentsDatabase, "SELECT count(*) FROM webhook_events WHERE state = 'waiting' AND attempts > 0") == 1);
        await system.SetProviderAsync(new { outage = true });
        (await worker.PostAsync(new Uri("/ops/resume", UriKind.Relative), content: null)).EnsureSuccessStatusCode();
        await client.WaitForAsync(order, "paid");
        await system.SetProviderAsync(null);

        // A success cannot be declined, and no other charge can have paid it.
        foreach (var (id, body) in new[]
        {
            ("msg_declined", WebhookSigner.Report(order, "declined", reference)),
            ("msg_other", WebhookSigner.Report(order, "succeeded", "ch_other")),
            ("msg_amount", WebhookSigner.Report(order, "succeeded", reference, "1.00")),
        })
        {
            using var answer = await worker.SendAsync(Report(worker, id, body));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var dead = await DeadAsync(worker, 3);
        Assert.All(dead, webhook => Assert.True(webhook.GetProperty("contradicts").GetBoolean()));
        Assert.Equal("paid", (await client.GetAsync(order)).GetProperty("status").GetString());
        await ReplayAndDiscardAsync(system, worker, client);
        await system.AuditAsync();

        // What is not committed is not accepted: the provider has to deliver it again.
        await system.Postgres.StopAsync();
        using var unavailable = await worker.SendAsync(Report(worker, "msg_outage", WebhookSigner.Report(order, "succeeded", reference)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unavailable.StatusCode);
        Assert.NotNull(unavailable.Headers.RetryAfter);
    }

    private static HttpRequestMessage Report(HttpClient worker, string id, string body) => WebhookSigner.Request(
        worker.BaseAddress!, "http", body, WebhookSigner.Standard(id, body, WebhookSigner.Secret, WebhookSigner.Now));

    /// <summary>A replay of a contradiction is one again; what an operator has discarded is no finding any more.</summary>
    private static async Task ReplayAndDiscardAsync(FaultSystem system, HttpClient worker, Client client)
    {
        using var replayed = await worker.PostAsync(new Uri("/ops/webhooks/http/msg_other/replay", UriKind.Relative), content: null);
        Assert.Equal(HttpStatusCode.NoContent, replayed.StatusCode);
        await DeadAsync(worker, 3);
        Assert.Equal(3, await FindingsAsync(client));

        foreach (var id in new[] { "msg_declined", "msg_other", "msg_amount" })
            (await worker.DeleteAsync(new Uri($"/ops/webhooks/http/{id}", UriKind.Relative))).EnsureSuccessStatusCode();
        using var again = await worker.DeleteAsync(new Uri("/ops/webhooks/http/msg_other", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        await DeadAsync(worker, 0);
        Assert.Equal(0, await FindingsAsync(client));
        Assert.Equal(4, await Sql.ScalarAsync<long>(
            system.PaymentsDatabase, "SELECT count(*) FROM operator_actions WHERE action IN ('replay-webhook', 'discard-webhook')"));
    }

    private static async Task<long> FindingsAsync(Client client)
    {
        var report = await client.Http.GetFromJsonAsync<JsonElement>("/ops/audit?grace=0");
        var check = report.GetProperty("checks").EnumerateArray()
            .Single(check => check.GetProperty("check").GetString() == "no webhook of the provider contradicts a final outcome");
        Assert.NotEqual("notChecked", check.GetProperty("verdict").GetString());
        return check.GetProperty("disagreements").GetInt64();
    }

    private static async Task<JsonElement[]> DeadAsync(HttpClient worker, int count) => [.. (await Eventually.GetAsync(
        $"{count} webhooks are dead letters",
        () => worker.GetFromJsonAsync<JsonElement>("/ops/webhooks?state=dead"),
        list => list.GetProperty("total").GetInt64() == count)).GetProperty("items").EnumerateArray()];

    private static Task<string> StatusAsync(FaultSystem system, Guid order) =>
        Sql.ScalarAsync<string>(system.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{order}'");
}
