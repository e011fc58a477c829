using System.Net;
using System.Net.Http.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Refunds of paid orders through the whole system, from the request to the provider's ledger.</summary>
public sealed class RefundFaultTests
{
    /// <summary>
    /// Four clients request a third of each order at once, at two instances of the API: three of them get it. The provider loses answers,
    /// and a worker is killed meanwhile.
    /// </summary>
    [Fact]
    public async Task Concurrent_refunds_during_worker_kills_and_lost_answers_are_each_made_once()
    {
        await using var system = await FaultSystem.StartAsync(apis: 2, workers: 2);
        var orders = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var client = new Client(system.Apis[0].Address);
            var order = await client.PlaceAsync(price: 15m);
            await client.WaitForAsync(order, "paid");
            return order;
        }));
        await system.SetProviderAsync(new { dropAfterChargeRate = 0.3, keyInUseRate = 0.05, seed = system.Dice.Seed });

        var clients = system.Apis.Select(api => Tokens.Http(api.Address)).ToArray();
        var requests = orders.SelectMany(order => Enumerable.Range(0, 4).Select(i => RefundAsync(clients[i % 2], order))).ToArray();
        await system.KillAsync(system.Workers[0]);
        await system.StartWorkerAsync();
        var answers = await Task.WhenAll(requests);
        Assert.Equal(60, answers.Count(answer => answer == HttpStatusCode.Accepted));
        Assert.Equal(20, answers.Count(answer => answer == HttpStatusCode.Conflict));

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(120));
        Assert.Equal(60, snapshot.Ledger.Count(line => line.IsRefund));
        Assert.All(snapshot.Orders, order => Assert.Equal(order.Total, order.Refunded));
        foreach (var order in orders)
        {
            using var client = new Client(system.Apis[0].Address);
            Assert.Equal("refunded", (await client.GetAsync(order)).GetProperty("status").GetString());
        }

        Assert.True(snapshot.Attempts["droppedAfterEffect"] > 5, snapshot.ToString());
    }

    private static async Task<HttpStatusCode> RefundAsync(HttpClient http, Guid order)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/orders/{order}/refunds")
        {
            Content = JsonContent.Create(new { amount = 10m }),
            Headers = { { "Idempotency-Key", Guid.NewGuid().ToString() } },
        };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
