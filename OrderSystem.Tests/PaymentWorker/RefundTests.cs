using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Refunds of paid orders: requested, made at the provider's console, charged back, and with faults.</summary>
public sealed class RefundTests
{
    private static readonly (string Name, string Value)[] Settings =
    [
        ("Webhooks__Secret", WebhookSigner.Secret), ("Payments__WebhookSecret", WebhookSigner.Secret),
        ("Payments__Stripe__WebhookSecret", WebhookSigner.Secret), ("Payments__Stripe__ApiKey", "sk_test_1"),
        ("Payments__Stripe__PaymentMethod", "pm_card_visa"),
    ];

    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task Parts_of_a_paid_order_are_refunded_once_each_until_nothing_is_left(string provider)
    {
        await using var system = await FaultSystem.StartAsync(settings: [.. Settings, ("Payments__Provider", provider)]);
        using var client = new Client(system.ApiAddresses[0]);
        using var worker = Tokens.Http(system.Workers[0].Address);
        var order = await PaidAsync(client);
        var (first, second, third) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());

        // A third of 39.98 is left for the third one, which asks for more.
        var eventId = Guid.CreateVersion7();
        await RefundRequests.PublishAsync(system.Nats, order, first, 10m, eventId: eventId);
        await RefundRequests.PublishAsync(system.Nats, order, first, 10m, eventId: eventId, messageId: $"{eventId}.1");
        await RefundRequests.PublishAsync(system.Nats, order, second, 15.50m);
        await RefundAsync(system, first, "status = 'succeeded' AND provider_reference IS NOT NULL");
        await RefundAsync(system, second, "status = 'succeeded'");
        await RefundRequests.PublishAsync(system.Nats, order, third, 20m);
        await RefundAsync(system, third, "status = 'failed' AND failure IS NOT NULL");

        // What is left is refunded at the provider's console, and its webhook tells.
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        var console = await ConsoleAsync(gateway, "refunds", new { orderId = order });
        Assert.Equal(14.48m, console.GetProperty("amount").GetDecimal());
        await PaymentAsync(system, order, "refunded_total = amount AND status = 'succeeded'");

        var told = await EventsAsync(system, order);
        Assert.Equal(
            ["payments.succeeded.v1", "payments.refunded.v2", "payments.refunded.v2", "payments.refund_failed.v1", "payments.refunded.v2"],
            told.Select(one => one.Type));
        Assert.Equal([1, 2, 3, 4, 5], told.Select(one => one.Version));
        var refunds = told.Where(one => one.Type == "payments.refunded.v2").Select(one => one.Body).ToList();
        Assert.Equal(["request", "request", "provider"], refunds.Select(one => one.GetProperty("source").GetString()));
        Assert.Equal(
            refunds.Select((_, place) => refunds.Take(place + 1).Sum(one => one.GetProperty("amount").GetDecimal())),
            refunds.Select(one => one.GetProperty("refundedTotal").GetDecimal()));
        Assert.Equal(39.98m, refunds[^1].GetProperty("refundedTotal").GetDecimal());
        Assert.Equal("damaged", refunds[0].GetProperty("reason").GetString());

        // Every webhook about them is applied, and the provider has given back as much as the events tell.
        await WebhooksAsync(system, dead: 0);
        Assert.Equal(
            39.98m, (await LedgerAsync(gateway)).Where(line => line.GetProperty("kind").GetString() == "refund")
                .Sum(line => line.GetProperty("amount").GetDecimal()));
        var charges = await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}");
        Assert.True(charges[0].TryGetProperty("refundedAt", out _));
        await ShownAsync(worker, order);
    }

    [Fact]
    public async Task A_chargeback_is_told_with_its_source_and_one_of_a_cancelled_order_contradicts()
    {
        await using var system = await FaultSystem.StartAsync(settings: [.. Settings, ("Payments__Provider", "stripe")]);
        using var client = new Client(system.ApiAddresses[0]);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        var (order, cancelled) = (await PaidAsync(client), await PaidAsync(client));
        await system.SetProviderAsync(new { webhookDuplicateRate = 1, webhookReorder = "00:00:01", seed = system.Dice.Seed });

        var dispute = await ConsoleAsync(gateway, "disputes", new { orderId = order, reason = "fraudulent" });
        await PaymentAsync(system, order, "refunded_total = amount AND status = 'succeeded'");
        var told = (await EventsAsync(system, order))[^1].Body;
        Assert.Equal(
            ("chargeback", "fraudulent", dispute.GetProperty("id").GetString()),
            (told.GetProperty("source").GetString(), told.GetProperty("reason").GetString(),
                told.GetProperty("providerReference").GetString()));

        // As if the order was cancelled before it was paid: its refund is under way.
        await Sql.ExecuteAsync(
            system.PaymentsDatabase,
            $"UPDATE payments SET status = 'refunding', cancelled_at = now(), lease_until = now() + interval '1 day' "
                + $"WHERE order_id = '{cancelled}'");
        await ConsoleAsync(gateway, "disputes", new { orderId = cancelled, amount = 1m });
        await WebhooksAsync(system, dead: 1);
        Assert.True(await Sql.ScalarAsync<bool>(
            system.PaymentsDatabase,
            $"SELECT contradicts AND order_id = '{cancelled}' FROM webhook_events WHERE state = 'dead'"));
        Assert.Equal(2, (await EventsAsync(system, order)).Count);
    }

    /// <summary>The answer is lost after the effect: the same key, then the look-up by our id. The webhooks are lost as well.</summary>
    [Fact]
    public async Task A_refund_whose_answers_are_lost_is_made_once_and_found_when_the_key_may_be_forgotten()
    {
        await using var system = await FaultSystem.StartAsync();
        using var client = new Client(system.ApiAddresses[0]);
        system.Script = new ScriptedProvider(() => system.Gateway.Address);
        var order = await PaidAsync(client);
        var (retried, forgotten) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        system.Script.Script = request => request.IsRefund ? new ScriptedResponse { ForwardedAs = 503 } : null;
        await RefundRequests.PublishAsync(system.Nats, order, retried, 10m);
        await RefundAsync(system, retried, "status = 'pending' AND calls IS NOT NULL");
        system.Script.Script = _ => null;
        await RefundAsync(system, retried, "status = 'succeeded'");

        // From here on a call for the second refund would be another refund: the provider has forgotten its key.
        system.Script.Script = request => request.IsRefund ? new ScriptedResponse { ForwardedAs = 503 } : null;
        await RefundRequests.PublishAsync(system.Nats, order, forgotten, 5m);
        await RefundAsync(system, forgotten, "status = 'pending' AND calls IS NOT NULL AND lease_until < now() + interval '20 seconds'");
        system.Script.Script = request => request.IsRefund ? ScriptedResponse.Of(418, "{}") : null;
        await Sql.ExecuteAsync(
            system.PaymentsDatabase,
            $"UPDATE refunds SET first_attempt_at = now() - interval '21 hours', lease_until = now() WHERE id = '{forgotten}'");
        await RefundAsync(system, forgotten, "status = 'succeeded'");

        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        Assert.Equal(
            [(retried.ToString(), 10m), (forgotten.ToString(), 5m)],
            (await LedgerAsync(gateway)).Where(line => line.GetProperty("kind").GetString() == "refund")
                .Select(line => (line.GetProperty("reference").GetString()!, line.GetProperty("amount").GetDecimal())));
        Assert.Equal(15m, (await EventsAsync(system, order))[^1].Body.GetProperty("refundedTotal").GetDecimal());
    }

    [Fact]
    public async Task A_refund_in_doubt_ends_by_its_webhook_alone()
    {
        await using var system = await FaultSystem.StartAsync(settings: Settings);
        using var client = new Client(system.ApiAddresses[0]);
        system.Script = new ScriptedProvider(() => system.Gateway.Address);
        var order = await PaidAsync(client);
        var refund = Guid.CreateVersion7();
        system.Script.Script = request => request.IsRefund ? new ScriptedResponse { ForwardedAs = 503 } : ScriptedResponse.Of(503);

        await RefundRequests.PublishAsync(system.Nats, order, refund, 10m);

        await RefundAsync(system, refund, "status = 'succeeded' AND provider_reference IS NOT NULL");
        Assert.Equal(10m, (await EventsAsync(system, order))[^1].Body.GetProperty("amount").GetDecimal());
    }

    /// <summary>During an outage nothing is used up; what the provider refuses in a way that needs a person waits for one.</summary>
    [Fact]
    public async Task A_refund_in_review_is_retried_or_ended_by_an_operator_unless_the_provider_contradicts()
    {
        await using var system = await FaultSystem.StartAsync();
        using var client = new Client(system.ApiAddresses[0]);
        using var worker = Tokens.Http(system.Workers[0].Address);
        system.Script = new ScriptedProvider(() => system.Gateway.Address);
        var order = await PaidAsync(client);
        var (made, failed) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        system.Script.Script = request => request.IsRefund ? ScriptedResponse.Of(404, "{}") : null;
        await RefundRequests.PublishAsync(system.Nats, order, made, 10m);
        await RefundRequests.PublishAsync(system.Nats, order, failed, 5m);
        await RefundAsync(system, made, "status = 'review'");
        await RefundAsync(system, failed, "status = 'review'");
        var listed = await worker.GetFromJsonAsync<JsonElement>("/ops/refunds");
        Assert.Equal(2, listed.GetProperty("total").GetInt64());
        var (_, table) = await CommandAsync(system, "refunds");
        Assert.Contains($"{made}", table, StringComparison.Ordinal);

        // The provider has no such refund, yet: a call may be in flight. As succeeded it needs a reference, and force.
        await RefusedAsync(worker, failed, new { @as = "failed", reason = "the customer has kept it" });
        await RefusedAsync(worker, failed, new { @as = "succeeded", reason = "seen" });
        await RefusedAsync(worker, failed, new { @as = "succeeded", reason = "seen", reference = "re_x" });
        await Sql.ExecuteAsync(
            system.PaymentsDatabase, $"UPDATE refunds SET updated_at = now() - interval '1 hour' WHERE id = '{failed}'");
        await ResolvedAsync(worker, failed, new { @as = "failed", reason = "the customer has kept it" }, "failed");
        await RefusedAsync(worker, failed, new { @as = "retry", reason = "again" });

        system.Script.Script = _ => null;
        var (exitCode, output) = await CommandAsync(
            system, "resolve-refund", $"{made}", "--as", "retry", "--reason", "the account is ready");
        Assert.True(exitCode == 0, output);
        await RefundAsync(system, made, "status = 'succeeded'");
        Assert.Equal(
            ["payments.refund_failed.v1", "payments.refunded.v2"],
            (await EventsAsync(system, order)).Skip(1).Select(one => one.Type));
        Assert.Equal(2, await Sql.ScalarAsync<long>(
            system.PaymentsDatabase, $"SELECT count(*) FROM operator_actions WHERE order_id = '{order}' AND action = 'resolve'"));
    }

    [Fact]
    public async Task A_request_waits_for_its_payment_and_fails_when_there_is_nothing_to_refund()
    {
        await using var system = await FaultSystem.StartAsync();
        using var client = new Client(system.ApiAddresses[0]);
        await system.SetProviderAsync(new { declineCents = new[] { 14 } });
        var declined = await client.PlaceAsync(price: 10.07m);
        await client.WaitForAsync(declined, "paymentFailed");
        var (nothing, early, foreign) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await RefundRequests.PublishAsync(system.Nats, declined, nothing, 1m);
        await RefundAsync(system, nothing, "status = 'failed' AND failure = 'the payment is declined'");
        Assert.Equal("payments.refund_failed.v1", (await EventsAsync(system, declined))[^1].Type);

        var paid = await PaidAsync(client);
        await RefundRequests.PublishAsync(system.Nats, paid, foreign, 1m, "USD");
        await RefundAsync(system, foreign, "status = 'failed' AND failure = 'the payment is in EUR'");

        // As after a restore: the payment is not known, and comes back.
        await Sql.ExecuteAsync(system.PaymentsDatabase, $"UPDATE payments SET order_id = gen_random_uuid() WHERE order_id = '{paid}'");
        await RefundRequests.PublishAsync(system.Nats, paid, early, 1m);
        await Eventually.BeTrueAsync("the request was delivered and waits", async () => await Sql.ScalarAsync<long>(
            system.PaymentsDatabase, "SELECT count(*) FROM deliveries") > 0);
        Assert.Equal(0, await Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM refunds WHERE id = '{early}'"));
        await Sql.ExecuteAsync(
            system.PaymentsDatabase, $"UPDATE payments SET order_id = '{paid}' WHERE order_id <> '{declined}'");
        await RefundAsync(system, early, "status = 'succeeded'");
    }

    private static Task<(int ExitCode, string Output)> CommandAsync(FaultSystem system, params string[] arguments) =>
        ServiceProcess.RunAsync(
            "OrderSystem.PaymentWorker",
            [
                new("ConnectionStrings__payments", system.PaymentsDatabase),
                new("Payments__GatewayUrl", system.Gateway.Address.OriginalString),
            ],
            ["payments", .. arguments]);

    private static async Task<Guid> PaidAsync(Client client)
    {
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");
        return order;
    }

    private static async Task<JsonElement> ConsoleAsync(HttpClient gateway, string what, object request)
    {
        using var answer = await gateway.PostAsJsonAsync($"/console/{what}", request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    private static async Task<List<JsonElement>> LedgerAsync(HttpClient gateway) =>
        [.. (await gateway.GetStringAsync("/ledger")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private static async Task<List<(string Type, int Version, JsonElement Body)>> EventsAsync(FaultSystem system, Guid order)
    {
        var rows = await Sql.ScalarAsync<string>(
            system.PaymentsDatabase,
            $"""
            SELECT coalesce(jsonb_agg(jsonb_build_array(type, version, convert_from(payload, 'UTF8')::jsonb) ORDER BY version), '[]')::text
            FROM events WHERE order_id = '{order}'
            """);
        return [.. JsonSerializer.Deserialize<JsonElement>(rows).EnumerateArray()
            .Select(row => (row[0].GetString()!, row[1].GetInt32(), row[2]))];
    }

    private static Task RefundAsync(FaultSystem system, Guid refund, string condition) =>
        RowAsync(system, $"refunds WHERE id = '{refund}'", condition);

    private static Task PaymentAsync(FaultSystem system, Guid order, string condition) =>
        RowAsync(system, $"payments WHERE order_id = '{order}'", condition);

    private static Task RowAsync(FaultSystem system, string row, string condition) => Eventually.GetAsync(
        $"{row} has {condition}",
        async () => (
            Holds: await Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM {row} AND {condition}") == 1,
            Found: await Sql.ScalarAsync<string>(
                system.PaymentsDatabase, $"SELECT coalesce((SELECT to_jsonb(found)::text FROM (SELECT * FROM {row}) AS found), '-')")),
        found => found.Holds, TimeSpan.FromSeconds(60));

    private static Task WebhooksAsync(FaultSystem system, long dead) => Eventually.GetAsync(
        $"every webhook is applied, and {dead} are dead",
        () => Sql.RowAsync(
            system.PaymentsDatabase,
            "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'dead'), "
                + "string_agg(type || ' ' || state || ' ' || coalesce(detail, ''), '; ') FROM webhook_events"),
        row => row is [0L, long found, _] && found == dead);

    /// <summary>The refunds are with the payment that operators see, and in the export for the audit of the order API.</summary>
    private static async Task ShownAsync(HttpClient worker, Guid order)
    {
        var shown = (await worker.GetFromJsonAsync<JsonElement>($"/ops/payments/{order}")).GetProperty("payment");
        Assert.Equal(39.98m, shown.GetProperty("refundedTotal").GetDecimal());
        Assert.Equal(4, shown.GetProperty("refunds").GetArrayLength());
        var line = JsonSerializer.Deserialize<JsonElement>(
            (await worker.GetStringAsync("/ops/audit/payments")).Split('\n')
                .Single(line => line.Contains($"{order}", StringComparison.Ordinal)));
        var exported = line.GetProperty("refunds").EnumerateArray().ToList();
        Assert.Equal(
            ["request succeeded", "request succeeded", "request failed", "provider succeeded"],
            exported.Select(one => $"{one.GetProperty("source").GetString()} {one.GetProperty("status").GetString()}"));
        Assert.All(exported, one => Assert.True(one.TryGetProperty("id", out _) && one.TryGetProperty("updatedAt", out _)));
    }

    private static async Task RefusedAsync(HttpClient worker, Guid refund, object request)
    {
        using var answer = await worker.PostAsJsonAsync($"/ops/refunds/{refund}/resolve", request);
        Assert.True(answer.StatusCode == HttpStatusCode.Conflict, await answer.Content.ReadAsStringAsync());
    }

    private static async Task ResolvedAsync(HttpClient worker, Guid refund, object request, string status)
    {
        using var answer = await worker.PostAsJsonAsync($"/ops/refunds/{refund}/resolve", request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        Assert.Equal(status, JsonSerializer.Deserialize<JsonElement>(text).GetProperty("status").GetString());
    }
}
