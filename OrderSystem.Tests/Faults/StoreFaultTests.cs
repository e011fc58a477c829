using System.Net;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>The system recovers from the loss of JetStream messages by the data in its databases.</summary>
public sealed class StoreFaultTests
{
    [Fact]
    public async Task F31_Deleting_the_JetStream_store_with_orders_in_flight_loses_none_of_them()
    {
        await using var system = await FaultSystem.StartAsync(settings: [("Sweeper__After", "00:00:05")]);
        await system.SetProviderAsync(new { latency = "00:00:00.3" });
        await system.Load.RunAsync(new(Orders: 200, PerSecond: 100));

        await system.Nats.KillAsync();
        var lost = await Sql.ScalarAsync<long>(
            system.OrdersDatabase,
            "SELECT count(*) FROM orders o WHERE status = 'pending' AND NOT EXISTS (SELECT FROM outbox WHERE order_id = o.id)");
        Directory.Delete(system.Nats.Store, recursive: true);
        await system.Nats.StartAgainAsync();
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 20));

        Assert.True(lost > 20, $"only {lost} orders depended on the store");
        await system.AuditAsync(TimeSpan.FromSeconds(90), new() { StreamsWereLost = true });
    }

    [Fact]
    public async Task A_cancellation_that_the_stream_loses_repeatedly_reaches_the_worker_in_the_end()
    {
        await using var system = await FaultSystem.StartAsync(workers: 0, settings: [("Sweeper__After", "00:00:02")]);
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var orders = await new NatsJSContext(nats).GetStreamAsync("ORDERS");
        var order = (await system.Load.PlaceAsync()).OrderId!.Value;
        await StreamHoldsAsync(2);

        // The order was republished while it was pending. That must not count as a republishing of the cancellation.
        using var http = Tokens.Http(system.Apis[0].Address);
        using (var cancelled = await http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), null))
            Assert.Equal(HttpStatusCode.Accepted, cancelled.StatusCode);
        await StreamHoldsAsync(3);
        for (var loss = 0; loss < 2; loss++)
        {
            await orders.PurgeAsync(new());
            await StreamHoldsAsync(2);
        }

        await orders.PurgeAsync(new());
        await system.StartWorkerAsync();
        await Eventually.GetAsync(
            "the worker has processed the cancellation",
            () => Sql.ScalarAsync<string>(system.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{order}'"),
            status => status is "cancelled" or "refunded", TimeSpan.FromSeconds(60));
        await system.AuditAsync(scope: new() { StreamsWereLost = true });

        Task StreamHoldsAsync(long messages) => Eventually.GetAsync($"{messages} messages are on the stream", async () =>
        {
            await orders.RefreshAsync();
            return orders.Info.State.Messages;
        }, count => count >= messages);
    }
}
