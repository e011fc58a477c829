using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>How the system recovers lost JetStream state from PostgreSQL, and how it recovers from an outage of the provider.</summary>
public sealed class RepairTests
{
    [Fact]
    public async Task Deleted_streams_are_recreated_and_every_order_is_paid_once()
    {
        await using var system = await RunningSystem.StartAsync(
            new() { ["Sweeper__After"] = "00:00:08", ["JetStream__AckWait"] = "00:00:05", ["Payments__TotalTimeout"] = "00:00:04" });
        using var client = new Client(system.OrderApi.Address);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        using (var slow = await gateway.PutAsJsonAsync("/faults", new { latency = "00:00:00.500" }))
            slow.EnsureSuccessStatusCode();

        var orders = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => client.PlaceAsync()));
        foreach (var stream in new[] { "ORDERS", "PAYMENTS" })
            await jetStream.DeleteStreamAsync(stream);

        foreach (var order in orders)
        {
            await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(120));
            Assert.Single((await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}")).EnumerateArray());
        }
    }

    [Fact]
    public async Task A_refund_is_made_after_an_outage_even_without_a_message_that_probes_the_provider()
    {
        await using var system = await RunningSystem.StartAsync(
            new() { ["Payments__Breaker__BreakDuration"] = "00:00:01", ["Payments__Breaker__MaxBreakDuration"] = "00:00:01" });
        using var client = new Client(system.OrderApi.Address);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var charged = await client.PlaceAsync();
        await client.WaitForAsync(charged, "paid");
        using (var outage = await gateway.PutAsJsonAsync("/faults", new { outage = true }))
            outage.EnsureSuccessStatusCode();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.PlaceAsync()));
        await Eventually.BeTrueAsync("the consumer is suspended", () => Task.FromResult(
            system.Worker.Output.Contains("suspending ORDER_PROCESSOR", StringComparison.Ordinal)));

        await new NatsJSContext(nats).PurgeStreamAsync("ORDERS", new NATS.Client.JetStream.Models.StreamPurgeRequest());
        await Sql.ExecuteAsync(system.PaymentsDatabase, "DELETE FROM payments WHERE status <> 'succeeded'");
        await Sql.ExecuteAsync(
            system.PaymentsDatabase,
            "UPDATE payments SET status = 'refunding', cancelled_at = now(), refund_key = gen_random_uuid(), lease_until = now() "
                + $"WHERE order_id = '{charged}'");
        using (var healed = await gateway.DeleteAsync(new Uri("/faults", UriKind.Relative)))
            healed.EnsureSuccessStatusCode();

        await Eventually.BeTrueAsync("the order is refunded", async () =>
            await Sql.ScalarAsync<string>(system.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{charged}'")
                == "refunded");
    }

    [Fact]
    public async Task A_deleted_consumer_is_detected_and_recreated()
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);

        await jetStream.DeleteConsumerAsync("ORDERS", "ORDER_PROCESSOR");
        await jetStream.DeleteConsumerAsync("PAYMENTS", "PAYMENT_RESULTS");

        await client.WaitForAsync(await client.PlaceAsync(), "paid", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_provider_outage_suspends_the_consumer_and_every_order_is_paid_once_after_it()
    {
        await using var system = await RunningSystem.StartAsync(new()
        {
            ["Payments__Breaker__BreakDuration"] = "00:00:01",
            ["Payments__Breaker__MaxBreakDuration"] = "00:00:02",
            ["Payments__ReconcileAfter__0"] = "00:00:01",
            ["Payments__ReconcileAfter__1"] = "00:00:02",
            ["JetStream__AckWait"] = "00:00:13",
        });
        using var client = new Client(system.OrderApi.Address);
        using var gateway = new HttpClient { BaseAddress = system.Gateway.Address };
        using (var outage = await gateway.PutAsJsonAsync("/faults", new { outage = true }))
            outage.EnsureSuccessStatusCode();

        var orders = await Task.WhenAll(Enumerable.Range(0, 80).Select(_ => client.PlaceAsync()));
        await Eventually.BeTrueAsync("the consumer is suspended", () => Task.FromResult(
            system.Worker.Output.Contains("suspending ORDER_PROCESSOR", StringComparison.Ordinal)));
        await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System);
        using (var healed = await gateway.DeleteAsync(new Uri("/faults", UriKind.Relative)))
            healed.EnsureSuccessStatusCode();

        foreach (var order in orders)
        {
            await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(90));
            Assert.Single((await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}")).EnumerateArray());
        }
    }
}
