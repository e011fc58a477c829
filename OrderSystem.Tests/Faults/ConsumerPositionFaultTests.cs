using System.Globalization;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Consumers and streams that are lost or set back while the services run.</summary>
public sealed class ConsumerPositionFaultTests
{
    private const int History = 2_000;

    [Fact]
    public async Task Consumers_that_are_deleted_while_messages_wait_redeliver_next_to_nothing_of_their_history()
    {
        // The default of AckWait: the copies of one event are handled one after the other.
        await using var system = await FaultSystem.StartAsync(
            workers: 2, settings: [.. ServiceMetrics.Settings, ("JetStream__AckWait", "00:01:00")]);
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        await system.Load.RunAsync(new(Orders: 100, PerSecond: 50));
        await system.WaitUntilIdleAsync();
        foreach (var stream in new[] { "ORDERS", "PAYMENTS" })
            await RepeatAsync(jetStream, stream);
        await system.WaitUntilIdleAsync();
        await KeptAsync(system.PaymentsDatabase, "ORDER_PROCESSOR", History);
        await KeptAsync(system.OrdersDatabase, "PAYMENT_RESULTS", History);
        var before = await DeliveriesAsync(system);

        await jetStream.DeleteConsumerAsync("ORDERS", "ORDER_PROCESSOR");
        await jetStream.DeleteConsumerAsync("PAYMENTS", "PAYMENT_RESULTS");
        await system.Load.RunAsync(new(Orders: 100, PerSecond: 50));
        await system.AuditAsync();

        var deliveries = await DeliveriesAsync(system) - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{deliveries} deliveries for 200 new messages behind {2 * History} old ones");
        Assert.InRange(deliveries, 200, 200 + (History / 10));
    }

    [Fact]
    public async Task A_lost_store_is_reported_once_and_a_redrive_of_what_is_missing_finishes_every_order()
    {
        await using var system = await FaultSystem.StartAsync(workers: 2, settings: ServiceMetrics.Settings);
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 50));
        await system.WaitUntilIdleAsync();
        await KeptAsync(system.PaymentsDatabase, "ORDER_PROCESSOR", 20);
        await KeptAsync(system.OrdersDatabase, "PAYMENT_RESULTS", 20);
        await system.SetProviderAsync(new { latency = "00:00:00.9" });
        await system.Load.RunAsync(new(Orders: 100, PerSecond: 100));

        await system.Nats.KillAsync();
        Directory.Delete(system.Nats.Store, recursive: true);
        await system.Nats.StartAgainAsync();
        await system.SetProviderAsync(null);

        await SaidAsync(system, "Stream ORDERS has lost messages: it was created at ");
        await SaidAsync(system, "Stream PAYMENTS has lost messages: it was created at ");
        await Eventually.BeTrueAsync(
            "the metric of the alert is 1 in every instance",
            async () => (await Task.WhenAll(system.AllInstances.Select(ServiceMetrics.ScrapeAsync)))
                .All(text => text.Split('\n').Any(line =>
                    line.StartsWith("ordersystem_consumer_stream_lost{", StringComparison.Ordinal)
                    && line.Split(' ')[1] == "1")),
            TimeSpan.FromSeconds(30));
        foreach (var instance in new[] { system.Apis[0], system.Workers[0] })
        {
            using var client = new Client(instance.Address);
            client.Http.DefaultRequestHeaders.Add("X-Operator", "ada");
            using var redriven = await client.Http.PostAsync("/ops/redrive?missing=true", content: null);
            Assert.True(redriven.IsSuccessStatusCode, await redriven.Content.ReadAsStringAsync());
        }

        await system.AuditAsync(TimeSpan.FromSeconds(90), new() { StreamsWereLost = true });
        Assert.Equal((1, 1), (Count(system, "Stream ORDERS has lost"), Count(system, "Stream PAYMENTS has lost")));
    }

    [Fact]
    public async Task A_deleted_stream_that_grows_beyond_its_old_end_is_reported_and_delivered_from_its_beginning()
    {
        await using var system = await FaultSystem.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 50));
        await system.WaitUntilIdleAsync();
        await KeptAsync(system.PaymentsDatabase, "ORDER_PROCESSOR", 10);

        await jetStream.DeleteStreamAsync("ORDERS");
        await system.Load.RunAsync(new(Orders: 40, PerSecond: 50));

        await SaidAsync(system, "Stream ORDERS has lost messages: it was created at ");
        await system.AuditAsync(scope: new() { StreamsWereLost = true });
    }

    [Fact]
    public async Task A_store_restored_from_an_older_copy_is_reported_and_no_order_is_skipped()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 50));
        await system.WaitUntilIdleAsync();
        await using var copy = await StoreCopy.TakeAsync(system.Nats);
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 50));
        await system.WaitUntilIdleAsync();
        await KeptAsync(system.PaymentsDatabase, "ORDER_PROCESSOR", 30);

        await copy.RestoreAsync();
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 50));

        await SaidAsync(system, "Stream ORDERS has lost messages: ");
        await system.AuditAsync(scope: new() { StreamsWereLost = true });
    }

    [Fact]
    public async Task A_consumer_beyond_the_end_of_its_stream_is_recognised_and_the_orders_that_waited_are_paid()
    {
        await using var system = await FaultSystem.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 50));
        await system.WaitUntilIdleAsync();
        await KeptAsync(system.PaymentsDatabase, "ORDER_PROCESSOR", 10);

        await nats.RequestAsync<string, string>("$JS.API.CONSUMER.RESET.ORDERS.ORDER_PROCESSOR", """{"seq":1000}""");
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 50));

        await SaidAsync(system, "Consumer ORDER_PROCESSOR was beyond the end of stream ORDERS");
        await system.AuditAsync();
    }

    /// <summary>Copies of the messages under new message ids: consumers acknowledge them without effect.</summary>
    private static async Task RepeatAsync(NatsJSContext jetStream, string stream)
    {
        var originals = await OrderSystem.Messaging.JetStream.StreamScan.ScanAsync(jetStream, stream, from: 1).ToArrayAsync();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, History), new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (copy, token) =>
            {
                var original = originals[copy % originals.Length];
                var headers = original.Headers.Where(header => !header.Key.StartsWith("Nats-", StringComparison.Ordinal))
                    .ToDictionary();
                (await jetStream.PublishAsync(
                    original.Subject, original.Data, NatsRawSerializer<byte[]>.Default,
                    new NatsJSPubOpts { MsgId = Guid.NewGuid().ToString() }, new NatsHeaders(headers), token)).EnsureSuccess();
            });
    }

    /// <summary>Waits until the position of the consumer is kept.</summary>
    private static Task KeptAsync(string database, string consumer, int floor) => Eventually.BeTrueAsync(
        $"the position of {consumer} is kept",
        async () => await Sql.ScalarAsync<long>(
            database, $"SELECT count(*) FROM consumer_positions WHERE consumer = '{consumer}' AND ack_floor >= {floor}") == 1,
        TimeSpan.FromSeconds(30));

    private static Task SaidAsync(FaultSystem system, string text) => Eventually.BeTrueAsync(
        $"a service says: {text}", () => Task.FromResult(Count(system, text) > 0), TimeSpan.FromSeconds(30));

    private static int Count(FaultSystem system, string text) => system.AllInstances.Sum(
        instance => instance.Output.Split(text, StringSplitOptions.None).Length - 1);

    /// <summary>Deliveries to all instances.</summary>
    private static async Task<double> DeliveriesAsync(FaultSystem system) =>
        (await Task.WhenAll(system.AllInstances.Select(ServiceMetrics.ScrapeAsync)))
            .SelectMany(text => text.Split('\n'))
            .Where(line => line.StartsWith("messaging_client_consumed_messages_total{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
}
