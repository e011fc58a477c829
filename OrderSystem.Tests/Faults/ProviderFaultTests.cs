using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Faults of the payment provider.</summary>
public sealed class ProviderFaultTests
{
    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task F29_Lost_responses_of_the_provider_never_charge_twice(string provider)
    {
        await using var system = await FaultSystem.StartAsync(workers: 2, settings: ProviderSettings.WithoutWebhooks(provider));
        await system.SetProviderAsync(
            new { dropAfterChargeRate = 0.3, errorAfterChargeRate = 0.1, keyInUseRate = 0.05, seed = system.Dice.Seed });

        await system.Load.RunAsync(new(Orders: 150, PerSecond: 30));

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(90));
        Assert.True(snapshot.Attempts["droppedAfterEffect"] > 20 && snapshot.Attempts["errorAfterEffect"] > 4, snapshot.ToString());
        Assert.Equal(150, snapshot.Ledger.Count);
        Assert.True(provider is "http" || snapshot.Attempts["lookedUp"] > 0, "No look-up found the charge of a repeated error.");
    }

    [Fact]
    public async Task F29_A_redelivery_after_lost_responses_charges_with_the_same_key()
    {
        await using var system = await FaultSystem.StartAsync();
        var lost = 0;

        // The responses to all calls of the first delivery are lost, so that the redelivery calls again.
        system.Provider.FromServer = (_, _) => Interlocked.Increment(ref lost) <= 3 ? TcpVerdict.Cut : TcpVerdict.Pass;
        await system.Load.PlaceAsync();

        var snapshot = await system.AuditAsync();
        Assert.Equal((1, 1L), (snapshot.Ledger.Count, snapshot.Attempts["succeeded"]));
        Assert.InRange(await Sql.ScalarAsync<int>(system.PaymentsDatabase, "SELECT attempts FROM payments"), 2, 3);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task F30_An_outage_of_the_provider_opens_the_breaker_and_the_backlog_drains_after_it(string provider)
    {
        await using var system = await FaultSystem.StartAsync(settings:
        [
            .. ProviderSettings.WithoutWebhooks(provider),
            ("Payments__Breaker__BreakDuration", "00:00:02"), ("Payments__Breaker__MaxBreakDuration", "00:00:02"),
            ("JetStream__Concurrency", "16"), ("JetStream__Prefetch", "32"),
        ]);
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var consumer = await new NatsJSContext(nats).GetConsumerAsync("ORDERS", "ORDER_PROCESSOR");
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 20));
        await system.SetProviderAsync(new { outage = true });
        await system.Load.RunAsync(new(Orders: 150, PerSecond: 40));

        // The consumer is suspended: although messages are pending, no pull
        // request waits at the server except the half-open probe after a break.
        await Eventually.BeTrueAsync("the consumer is suspended", async () =>
        {
            await consumer.RefreshAsync();
            return consumer.Info.NumWaiting == 0 && consumer.Info.NumPending + (ulong)consumer.Info.NumAckPending > 100;
        });
        var (since, before) = (TimeProvider.System.GetTimestamp(), await CallsAsync(system, "outage"));
        var waiting = new List<int>();
        for (var sample = 0; sample < 40; sample++)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.25), TimeProvider.System);
            await consumer.RefreshAsync();
            waiting.Add(consumer.Info.NumWaiting);
        }

        // One call for each break of two seconds, without retries or parallel calls.
        var breaks = TimeProvider.System.GetElapsedTime(since) / TimeSpan.FromSeconds(2);
        Assert.InRange(await CallsAsync(system, "outage") - before, 2, breaks + 1);
        Assert.All(waiting, requests => Assert.InRange(requests, 0, 1));
        Assert.Contains(0, waiting);

        // Besides the probes there are only the calls that were in flight when the circuit opened, with their retries.
        Assert.InRange(before, 6, 16 * 3);
        await system.SetProviderAsync(new { latency = "00:00:00.05" });
        var (draining, atOnce) = (system.WaitUntilIdleAsync(TimeSpan.FromSeconds(90)), 0);
        while (await Task.WhenAny(draining, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System)) != draining)
            atOnce = Math.Max(atOnce, system.Provider.Open);

        // Each call has its own connection: there are no more at once than slots for messages and for open payments.
        Assert.InRange(atOnce, 1, 32);
        var snapshot = await system.AuditAsync();
        Assert.Equal(160, snapshot.Ledger.Count);
        Assert.All(snapshot.Orders, order => Assert.Equal("paid", order.Status));
        Assert.Equal(160, snapshot.Attempts["succeeded"] + snapshot.Attempts["replayed"]);
    }

    private static async Task<long> CallsAsync(FaultSystem system, string outcome)
    {
        using var http = new HttpClient { BaseAddress = system.Gateway.Address };
        return (await http.GetFromJsonAsync<JsonElement>("/ledger/summary")).GetProperty("attempts").GetProperty(outcome).GetInt64();
    }
}
