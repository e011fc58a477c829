using System.Globalization;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>A dedicated system for inputs that would disturb other tests, and the checks that must hold after them.</summary>
public sealed class FuzzedSystem : IAsyncLifetime
{
    private const long MaxGrowth = 96 * 1024;

    private static readonly (string Stream, string Consumer)[] Consumers = [("ORDERS", "ORDER_PROCESSOR"), ("PAYMENTS", "PAYMENT_RESULTS")];

    private readonly Dictionary<int, long> memory = [];

    internal FaultSystem System { get; private set; } = null!;

    internal NatsJSContext JetStream { get; private set; } = null!;

    internal Uri Api => System.Apis[0].Address;

    /// <summary>Orders that exist and are paid.</summary>
    internal IReadOnlyList<Guid> Paid { get; private set; } = [];

    private NatsConnection Nats { get; set; } = null!;

    /// <summary>Starts it and places some orders.</summary>
    public async ValueTask InitializeAsync()
    {
        // The fuzz tests send more requests than the rate limit allows one client.
        System = await FaultSystem.StartAsync(settings: [("Limits__ClientRate", "1000000"), ("Limits__ClientBurst", "1000000")]);
        Nats = new NatsConnection(new NatsOpts { Url = System.Nats.Url });
        JetStream = new NatsJSContext(Nats);
        using var client = new Client(Api);
        Paid = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.PlaceAsync()));
        foreach (var order in Paid)
            await client.WaitForAsync(order, "paid");
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        await Nats.DisposeAsync();
        await System.DisposeAsync();
    }

    /// <summary>Records the memory of the services after their warm-up.</summary>
    internal void RecordMemory()
    {
        foreach (var service in System.AllInstances)
            memory.TryAdd(service.Id, ResidentKilobytes(service));
    }

    /// <summary>
    /// Asserts that the services run and have logged no unhandled exception, that
    /// memory is flat, that a new order is paid, and that the invariants hold.
    /// </summary>
    internal async Task AssertUnharmedAsync()
    {
        foreach (var service in System.AllInstances)
        {
            Assert.True(Directory.Exists($"/proc/{service.Id}"), $"A service ended:\n{service.Output}");
            Assert.DoesNotContain("Unhandled exception", service.Output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("An unhandled exception has occurred", service.Output, StringComparison.Ordinal);
            var grown = ResidentKilobytes(service) - memory[service.Id];
            Assert.True(grown < MaxGrowth, $"Process {service.Id} grew by {grown} kB.");
        }

        // The audit takes each message on the streams for one of the services, so the fuzzed ones are purged.
        await DrainAsync();
        foreach (var (stream, _) in Consumers)
            await JetStream.PurgeStreamAsync(stream, new StreamPurgeRequest());
        using var client = new Client(Api);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");
        await System.AuditAsync(scope: new() { StreamsWereLost = true, DeadLetters = long.MaxValue });
    }

    /// <summary>Waits until the services have processed all messages on the streams.</summary>
    internal async Task DrainAsync()
    {
        foreach (var (stream, consumer) in Consumers)
        {
            await Eventually.GetAsync(
                $"{consumer} has no pending and no unacknowledged messages",
                async () => (await JetStream.GetConsumerAsync(stream, consumer)).Info is { NumPending: 0, NumAckPending: 0 }
                    ? ""
                    : LastLogLines(),
                log => log.Length == 0,
                TimeSpan.FromSeconds(60));
        }
    }

    private string LastLogLines() => string.Join('\n', System.AllInstances.SelectMany(service => service.Output.Split('\n').TakeLast(20)));

    private static long ResidentKilobytes(ServiceProcess service) => long.Parse(
        File.ReadLines($"/proc/{service.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
