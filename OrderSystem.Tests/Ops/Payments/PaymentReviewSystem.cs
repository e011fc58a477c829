using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops.Payments;

/// <summary>
/// The tests of the operators' payment commands. They run one after another on one system, because they share the provider's script.
/// </summary>
[CollectionDefinition(Name)]
public sealed class PaymentReviews : ICollectionFixture<PaymentReviewSystem>
{
    internal const string Name = "payment reviews";
}

/// <summary>A system with a scripted provider, and helpers that bring a payment into review.</summary>
public sealed class PaymentReviewSystem : IAsyncLifetime
{
    internal static readonly ScriptedResponse Refused = ScriptedResponse.Of(422, "{}");
    internal static readonly ScriptedResponse KnowsNothing = ScriptedResponse.Of(200, "[]");
    internal static readonly ScriptedResponse Unavailable = ScriptedResponse.Of(503);

    private HttpClient gateway = null!;

    internal RunningSystem System { get; private set; } = null!;

    internal ScriptedProvider Provider { get; private set; } = null!;

    /// <summary>A client of an order API that queries the worker and the provider's ledger.</summary>
    internal Client Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Provider = new(() => System.Gateway.Address);
        System = await RunningSystem.StartAsync(new(ServiceMetrics.Settings.ToDictionary(setting => setting.Name, setting => setting.Value))
        {
            ["Payments__GatewayUrl"] = Provider.Address.OriginalString,
            ["Payments__Breaker__MinimumCalls"] = "1000",
            ["Payments__RetryBudget__PerSecond"] = "100",
            ["Payments__TotalTimeout"] = "00:00:03",
            ["Payments__AttemptTimeout"] = "00:00:02",
            ["Payments__ReconcileAfter__0"] = "00:10:00",
        });
        gateway = new HttpClient { BaseAddress = System.Gateway.Address };
        Api = new((await System.StartServiceAsync(
            "OrderSystem.OrderApi",
            ("Audit__WorkerUrl", System.Worker.Address.OriginalString),
            ("Audit__LedgerUrl", System.Gateway.Address.OriginalString))).Address);
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        gateway.Dispose();
        await System.DisposeAsync();
        await Provider.DisposeAsync();
    }

    /// <summary>
    /// Places an order that ends in review: the provider rejects its charge, with
    /// or without having made it. Afterwards the provider answers truthfully.
    /// </summary>
    internal async Task<Guid> InReviewAsync(bool wasCharged)
    {
        Provider.Script = request => request.IsLookUp ? KnowsNothing
            : request.IsCharge ? (wasCharged ? new ScriptedResponse { ForwardedAs = 422 } : Refused)
            : null;
        var order = await Api.PlaceAsync();
        await Api.WaitForAsync(order, "manualReview");
        Provider.Script = _ => null;
        return order;
    }

    /// <summary>A cancelled order that was charged and whose refund the provider has rejected.</summary>
    internal async Task<Guid> WithRefusedRefundAsync()
    {
        Provider.Script = request => request.IsCharge ? new ScriptedResponse { ForwardedAs = 503 }
            : request.IsLookUp ? Unavailable
            : Refused;
        var order = await Api.PlaceAsync();
        await PaymentAsync(order, "status = 'unknown'");
        await CancelAsync(order);
        await PaymentAsync(order, "cancelled_at IS NOT NULL");
        Provider.Script = request => request.IsRefund ? Refused : null;
        await ReconcileNowAsync(order);
        Provider.Script = _ => null;
        return order;
    }

    /// <summary>A cancelled order, charged or not, whose look-up the provider rejects.</summary>
    internal async Task<Guid> CancelledInReviewAsync(bool wasCharged)
    {
        Provider.Script = request => request.IsCharge && wasCharged ? new ScriptedResponse { ForwardedAs = 503 } : Unavailable;
        var order = await Api.PlaceAsync();
        await PaymentAsync(order, "status = 'unknown'");
        await CancelAsync(order);
        await PaymentAsync(order, "cancelled_at IS NOT NULL");
        Provider.Script = request => request.IsLookUp ? Refused : Unavailable;
        await ReconcileNowAsync(order);
        Provider.Script = _ => null;
        return order;
    }

    /// <summary>The charge of the order at the provider.</summary>
    internal async Task<string> ChargeAsync(Guid order) =>
        (await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}"))[0].GetProperty("id").GetString()!;

    internal async Task<string> RefundByHandAsync(Guid order)
    {
        var charge = (await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}"))[0];
        using var request = new HttpRequestMessage(HttpMethod.Post, "/refunds")
        {
            Content = JsonContent.Create(
                new { chargeId = charge.GetProperty("id").GetString(), amount = charge.GetProperty("amount").GetDecimal() }),
            Headers = { { "Idempotency-Key", $"by-hand-{order}" } },
        };
        using var answer = await gateway.SendAsync(request);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    /// <summary>Makes the payment so old that a charge which is not found cannot be in flight any more.</summary>
    internal Task MakeOldAsync(Guid order) =>
        Sql.ExecuteAsync(System.PaymentsDatabase, $"UPDATE payments SET updated_at = now() - interval '1 hour' WHERE order_id = '{order}'");

    internal Task PaymentAsync(Guid order, string condition) => Eventually.GetAsync(
        $"the payment of order {order} satisfies {condition}",
        async () => (
            Holds: await Sql.ScalarAsync<long>(
                System.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE order_id = '{order}' AND {condition}") == 1,
            Payment: await Sql.ScalarAsync<string>(System.PaymentsDatabase, $"SELECT p::text FROM payments p WHERE order_id = '{order}'")),
        found => found.Holds, TimeSpan.FromSeconds(60));

    internal Task<HttpResponseMessage> ResolveAsync(Guid id, object request, string? token = null, string? note = null) =>
        PostAsync($"/ops/payments/{id}/resolve", request, token, note);

    internal Task<HttpResponseMessage> RequeryAsync(Guid id) =>
        PostAsync($"/ops/payments/{id}/requery", body: null, token: null, note: null);

    /// <summary>Resolves the payment, and fails with the worker's response if it is rejected.</summary>
    internal async Task<JsonElement> ResolvedAsync(Guid id, object request)
    {
        using var answer = await ResolveAsync(id, request);
        var said = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, said);
        return JsonDocument.Parse(said).RootElement;
    }

    /// <summary>Asserts that the resolution is rejected with 409, and returns the current status and the reason.</summary>
    internal async Task<(string Status, string Detail)> RefusedAsync(Guid id, object request)
    {
        using var answer = await ResolveAsync(id, request);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (problem.GetProperty("paymentStatus").GetString()!, problem.GetProperty("detail").GetString()!);
    }

    /// <summary>The disagreements that the audit finds about the order once both outboxes are empty.</summary>
    internal async Task<string[]> DisagreementsAsync(Guid order)
    {
        await Eventually.BeTrueAsync("both outboxes are empty", async () =>
            await Sql.ScalarAsync<long>(System.PaymentsDatabase, "SELECT count(*) FROM outbox")
            + await Sql.ScalarAsync<long>(System.OrdersDatabase, "SELECT count(*) FROM outbox") == 0);
        var report = await Api.Http.GetFromJsonAsync<JsonElement>("/ops/audit?grace=0");
        Assert.DoesNotContain(
            report.GetProperty("checks").EnumerateArray(), check => check.GetProperty("verdict").GetString() == "notChecked");
        return [.. from check in report.GetProperty("checks").EnumerateArray()
            from example in check.GetProperty("examples").EnumerateArray()
            where example.GetProperty("subject").GetString() == order.ToString()
            select $"{check.GetProperty("check")}: {example.GetProperty("what")}"];
    }

    /// <summary>The operator actions in the timeline of the order, with their details.</summary>
    internal async Task<(string What, string Detail)[]> TimelineAsync(Guid order)
    {
        var timeline = await Api.Http.GetFromJsonAsync<JsonElement>($"/orders/{order}/timeline");
        return [.. timeline.GetProperty("steps").EnumerateArray()
            .Where(step => step.GetProperty("what").GetString()!.Contains(" by ", StringComparison.Ordinal))
            .Select(step => (step.GetProperty("what").GetString()!, step.GetProperty("detail").GetString()!))];
    }

    private async Task CancelAsync(Guid order) =>
        (await Api.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), null)).EnsureSuccessStatusCode().Dispose();

    /// <summary>Makes the worker reconcile the payment now instead of at its scheduled time, until it is in review.</summary>
    private Task ReconcileNowAsync(Guid order) => Eventually.GetAsync(
        $"the payment of {order} is in review",
        async () =>
        {
            await Sql.ExecuteAsync(System.PaymentsDatabase,
                $"UPDATE payments SET lease_until = now(), updated_at = now() - interval '6 seconds' WHERE order_id = '{order}' "
                    + "AND status IN ('charging', 'unknown') AND lease_until > now() + interval '1 minute'");
            return await Sql.ScalarAsync<string>(System.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{order}'");
        },
        status => status == "review", TimeSpan.FromSeconds(60));

    private async Task<HttpResponseMessage> PostAsync(string path, object? body, string? token, string? note)
    {
        using var worker = Tokens.Http(System.Worker.Address, token);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (note is not null)
            request.Headers.Add("X-Operator", note);
        return await worker.SendAsync(request);
    }
}
