using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops;

/// <summary>Background repairs run in every instance, and each repair takes effect once.</summary>
public sealed class SingleFlightTests
{
    private const int Orders = 30;

    [Fact]
    public async Task Two_instances_republish_a_stalled_order_once_per_interval()
    {
        var after = TimeSpan.FromSeconds(6);
        await using var system = await RunningSystem.StartAsync(new() { ["Sweeper__After"] = $"{after:c}" });
        await system.Worker.KillAsync();
        await system.StartServiceAsync("OrderSystem.OrderApi");
        using var client = new Client(system.OrderApi.Address);
        await Task.WhenAll(Enumerable.Range(0, Orders).Select(_ => client.PlaceAsync()));
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);

        await Eventually.BeTrueAsync(
            "every order is republished twice",
            async () => (await jetStream.GetStreamAsync("ORDERS")).Info.State.Messages >= Orders * 3, TimeSpan.FromSeconds(90));

        var sent = await jetStream.ScanAsync("ORDERS", from: 1)
            .Select(message => (Event: message.Headers["ce-id"].ToString(), Id: message.Headers["Nats-Msg-Id"].ToString())).ToListAsync();
        foreach (var of in sent.GroupBy(message => message.Event))
        {
            var times = of.Where(message => message.Id != message.Event)
                .Select(message => long.Parse(message.Id.Split('.')[1], CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(of.Count(), times.Count + 1);
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(
                pair.Second - pair.First >= after.TotalSeconds - 1, $"republished after {pair.Second - pair.First} s"));
        }
    }

    [Fact]
    public async Task Two_workers_reconcile_an_open_payment_once()
    {
        await using var system = await RunningSystem.StartAsync(new() { ["Payments__RetryBudget__Burst"] = "1000" });
        using var client = new Client(system.OrderApi.Address);
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        await system.Worker.KillAsync();
        var orders = await Task.WhenAll(Enumerable.Range(0, Orders).Select(_ => client.PlaceAsync()));
        await Eventually.BeTrueAsync(
            "the outbox is empty", async () => await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM outbox") == 0);
        await new NatsJSContext(nats).PurgeStreamAsync("ORDERS", new StreamPurgeRequest());
        foreach (var order in orders)
        {
            await Sql.ExecuteAsync(
                system.PaymentsDatabase,
                $"""
                INSERT INTO payments (order_id, id, amount, currency, provider_key, status, attempts, lease_until, updated_at)
                VALUES ('{order}', gen_random_uuid(), 39.98, 'EUR', gen_random_uuid(), 'unknown', 3, now(), now() - interval '1 minute')
                """);
        }

        using (var slow = await provider.PutAsJsonAsync("/faults", new { latency = "00:00:00.300" }))
            slow.EnsureSuccessStatusCode();

        await Task.WhenAll(system.StartServiceAsync("OrderSystem.PaymentWorker"), system.StartServiceAsync("OrderSystem.PaymentWorker"));

        foreach (var order in orders)
            await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(60));
        var attempts = (await provider.GetFromJsonAsync<JsonElement>("/ledger/summary")).GetProperty("attempts");
        Assert.Equal(Orders, attempts.GetProperty("lookedUp").GetInt64());
        Assert.Equal(Orders, attempts.GetProperty("succeeded").GetInt64());
        Assert.Equal(0, attempts.GetProperty("replayed").GetInt64());
        Assert.Equal((long)Orders, await Sql.ScalarAsync<long>(
            system.PaymentsDatabase, "SELECT count(*) FROM payments WHERE attempts = 4 AND jsonb_array_length(calls) = 2"));
    }
}
