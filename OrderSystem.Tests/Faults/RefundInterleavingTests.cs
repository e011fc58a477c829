using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>What clients, the provider and the bank of a customer do to one order, in each order in which they can.</summary>
public sealed class RefundInterleavingTests
{
    private const decimal Total = 30m;
    private const int InParallel = 40;

    private static readonly string[] Steps = ["cancel", "refund a part", "refund the rest", "charge back", "succeed"];

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The charge is being processed at first, so that it may succeed late. What a step may not do where it stands is refused, by the order
    /// API or by the provider; what it does, the ledger and both services agree about.
    /// </summary>
    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task Every_interleaving_of_cancellation_refunds_chargeback_and_a_late_success_agrees_with_the_ledger(string provider)
    {
        await using var system = await FaultSystem.StartAsync(apis: 2, settings: ProviderSettings.Of(provider));
        await system.SetProviderAsync(new { processingRate = 1, processingFor = "00:00:10" });
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        var interleavings = Permutations(Steps).ToArray();
        Assert.Equal(120, interleavings.Length);

        // Not all at once: the first steps would come after the success.
        var orders = new List<Guid>();
        foreach (var some in interleavings.Chunk(InParallel))
        {
            orders.AddRange(await Task.WhenAll(some.Select(
                (steps, i) => TakeAllAsync(steps, system, system.Apis[i % 2].Address, gateway))));
        }

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(120));
        Assert.True(snapshot.Orders.Count(order => order.Status == "paid") > 20, snapshot.ToString());
        Assert.True(snapshot.Orders.Count(order => order.Status == "cancelled") > 10, snapshot.ToString());
        Assert.True(snapshot.Ledger.Count(line => line.IsRefund) > 30, snapshot.ToString());
        Assert.True(snapshot.Ledger.Count(line => line.IsChargeback) > 5, snapshot.ToString());

        // Chargebacks arrive by webhook, after which the order API tells the same as the ledger.
        var byOrder = snapshot.Ledger.Where(line => line.IsCharge).ToDictionary(
            charge => Guid.Parse(charge.OrderId!),
            charge => snapshot.Ledger.Where(line => line.ChargeId == charge.Id && (line.IsRefund || line.IsChargeback))
                .Sum(line => line.Amount));
        using var any = new Client(system.ApiAddresses[0]);
        foreach (var order in snapshot.Orders.Where(order => order.Status == "paid"))
        {
            var returned = byOrder[order.Id];
            var shown = await Eventually.GetAsync(
                $"order {order.Id} shows that {returned} was given back", () => any.GetAsync(order.Id),
                answer => answer.GetProperty("refundedTotal").GetDecimal() == returned);
            Assert.Equal(returned == Total ? "refunded" : "paid", shown.GetProperty("status").GetString());
            Assert.InRange(returned, 0, Total);
        }

        Assert.Equal(orders.Order(), byOrder.Keys.Order());
    }

    private static async Task<Guid> TakeAllAsync(string[] steps, FaultSystem system, Uri api, HttpClient gateway)
    {
        using var client = new Client(api);
        var order = await client.PlaceAsync(price: Total / 2);
        await Eventually.BeTrueAsync("the charge is being processed", async () => await PaymentAsync(system, order) is not null, Slow);
        foreach (var step in steps)
            await TakeAsync(step, order, system, client, gateway);
        return order;
    }

    private static async Task TakeAsync(string step, Guid order, FaultSystem system, Client client, HttpClient gateway)
    {
        switch (step)
        {
            case "cancel":
                await ExpectAsync(client.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), content: null));
                break;
            case "refund a part":
                await RefundAsync(client, order, 5m);
                break;
            case "refund the rest":
                if (await RefundAsync(client, order, Total) is { } left and > 0)
                    await RefundAsync(client, order, left);
                break;
            case "charge back":
                await ExpectAsync(gateway.PostAsJsonAsync("/console/disputes", new { orderId = order }));
                break;
            default:
                await Eventually.BeTrueAsync(
                    "the charge has succeeded, or is refunded",
                    async () => await PaymentAsync(system, order) is "refunded" or "review"
                        || (await client.GetAsync(order)).GetProperty("status").GetString() is "paid" or "refunded",
                    Slow);
                break;
        }
    }

    /// <returns>What is left to refund when that much is not.</returns>
    private static async Task<decimal?> RefundAsync(Client client, Guid order, decimal amount)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/orders/{order}/refunds")
        {
            Content = JsonContent.Create(new { amount }),
            Headers = { { "Idempotency-Key", Guid.NewGuid().ToString() } },
        };
        return await ExpectAsync(client.Http.SendAsync(request)) is { } problem
            && problem.TryGetProperty("refundable", out var refundable) ? refundable.GetDecimal() : null;
    }

    /// <returns>The problem of a step that is refused; null for one that was taken.</returns>
    private static async Task<JsonElement?> ExpectAsync(Task<HttpResponseMessage> call)
    {
        using var answer = await call;
        if (answer.IsSuccessStatusCode)
            return null;
        Assert.True(
            answer.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound or HttpStatusCode.BadRequest
                or HttpStatusCode.PaymentRequired,
            await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <returns>The status of the payment; null before it is being processed.</returns>
    private static async Task<string?> PaymentAsync(FaultSystem system, Guid order)
    {
        var row = await Sql.RowAsync(system.PaymentsDatabase, $"SELECT max(status) FROM payments WHERE order_id = '{order}'");
        return row[0] is string status and not ("charging" or "unknown") ? status : null;
    }

    private static IEnumerable<string[]> Permutations(string[] of) => of.Length == 0
        ? [[]]
        : of.SelectMany(first => Permutations([.. of.Where(other => other != first)]).Select(rest => (string[])[first, .. rest]));
}
