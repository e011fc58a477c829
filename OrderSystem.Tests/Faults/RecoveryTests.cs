using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>How soon payments are final after a failure.</summary>
public sealed class RecoveryTests
{
    private const int InFlight = 500;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Payments_in_flight_when_the_worker_ended_are_final_soon_after_the_next_start(bool isKill)
    {
        // The default settings except for the number of slots, so that all payments are in flight at once.
        await using var system = await FaultSystem.StartAsync(workers: 0, settings:
        [
            ("JetStream__AckWait", "00:01:00"), ("Payments__AttemptTimeout", "00:00:03"), ("Payments__TotalTimeout", "00:00:12"),
            ("JetStream__Concurrency", "512"), ("JetStream__Prefetch", "1024"),
        ]);
        await system.SetProviderAsync(new { latency = "00:00:02.5" });
        await system.Load.RunAsync(new(InFlight, PerSecond: 100));
        var worker = await system.StartWorkerAsync();
        await Eventually.BeTrueAsync(
            "all are being charged", async () => await CountAsync(system, "true") == InFlight, TimeSpan.FromSeconds(20));
        var inFlight = await CountAsync(system, "status = 'charging' AND calls IS NULL");
        if (isKill)
            await system.KillAsync(worker);
        else
            await system.StopAsync(worker);
        Assert.InRange(inFlight, 1, InFlight);
        await system.SetProviderAsync(null);

        await system.StartWorkerAsync();
        var recovered = TimeProvider.System.GetTimestamp();
        await Eventually.BeTrueAsync(
            "all are paid", async () => await CountAsync(system, "status = 'succeeded'") == InFlight, TimeSpan.FromSeconds(90));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{inFlight} in flight, final {TimeProvider.System.GetElapsedTime(recovered).TotalSeconds:0.0} s after the start");
        Assert.Equal(InFlight, (await system.AuditAsync()).Ledger.Count);
    }

    /// <summary>
    /// A lost response fails a whole batch and suspends the consumer, so that there are few large commits and few responses to lose.
    /// </summary>
    [Fact]
    public async Task Payments_whose_commit_response_was_lost_are_final_soon_and_charged_once()
    {
        await using var system = await FaultSystem.StartAsync();
        var lost = new LostCommits(system.Dice, "EUR");
        (system.WorkerPostgres.FromClient, system.WorkerPostgres.FromServer) = (lost.FromClient, lost.FromServer);
        await system.Load.RunAsync(new(Orders: 400, PerSecond: 25));
        (system.WorkerPostgres.FromClient, system.WorkerPostgres.FromServer) = (null, null);

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(45));
        Assert.True(lost.Count > 0, "no commit response was lost");
        Assert.Equal((400, 0L), (snapshot.Ledger.Count, snapshot.DeadLetters));
    }

    [Fact]
    public async Task A_hanging_reconciliation_delays_no_other()
    {
        await using var system = await FaultSystem.StartAsync(settings:
        [
            ("Payments__AttemptTimeout", "00:00:50"), ("Payments__TotalTimeout", "00:00:55"), ("JetStream__AckWait", "00:01:00"),
            ("Payments__Breaker__MinimumCalls", "10000"), ("Payments__RetryBudget__Burst", "1000"),
            ("Payments__RetryBudget__PerSecond", "1000"),
        ]);
        await system.SetProviderAsync(new { errorRate = 1.0 });
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 20));
        await Eventually.BeTrueAsync("all payments wait for reconciliation",
            async () => await CountAsync(system, "status = 'unknown' AND attempts >= 3") == 20, TimeSpan.FromSeconds(60));
        var stalled = await Sql.ScalarAsync<Guid>(system.PaymentsDatabase, "SELECT order_id FROM payments ORDER BY order_id LIMIT 1");
        system.Provider.FromClient = (_, frame) => frame.Contains(stalled) ? TcpVerdict.Drop : TcpVerdict.Pass;
        await system.SetProviderAsync(null);

        await Sql.ExecuteAsync(
            system.PaymentsDatabase,
            "UPDATE payments SET updated_at = now() - interval '1 minute', "
                + $"lease_until = now() - CASE order_id WHEN '{stalled}' THEN interval '2 minutes' ELSE interval '0' END");

        await Eventually.BeTrueAsync(
            "the others are paid", async () => await CountAsync(system, "status = 'succeeded'") == 19, TimeSpan.FromSeconds(20));
        Assert.Equal("unknown", await Sql.ScalarAsync<string>(
            system.PaymentsDatabase, $"SELECT status FROM payments WHERE order_id = '{stalled}'"));
    }

    [Fact]
    public async Task After_an_outage_the_payments_that_probed_the_provider_are_due_at_once()
    {
        await using var system = await FaultSystem.StartAsync(
            settings: [("Payments__Breaker__BreakDuration", "00:00:00.5"), ("Payments__Breaker__MaxBreakDuration", "00:00:00.5")]);
        await system.SetProviderAsync(new { outage = true });
        await system.Load.RunAsync(new(Orders: 5, PerSecond: 20));
        await Eventually.BeTrueAsync(
            "a payment waits for minutes",
            async () => await CountAsync(system, "status = 'unknown' AND lease_until > now() + interval '30 seconds'") > 0,
            TimeSpan.FromSeconds(60));
        await system.SetProviderAsync(null);

        await Eventually.BeTrueAsync(
            "all are paid", async () => await CountAsync(system, "status = 'succeeded'") == 5, TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task A_recreated_stream_loses_no_dead_letter()
    {
        await using var system = await FaultSystem.StartAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        for (var letters = 1; letters <= 2; letters++)
        {
            await Eventually.BeTrueAsync("the stream exists", async () =>
            {
                try
                {
                    return (await jetStream.PublishAsync(
                        "orders.created", "poison", opts: new NatsJSPubOpts { MsgId = $"{letters}" })).Seq == 1;
                }
                catch (NatsNoRespondersException)
                {
                    return false;
                }
            }, TimeSpan.FromSeconds(30));
            await Eventually.BeTrueAsync("its dead letter is stored",
                async () => (await jetStream.GetStreamAsync("DEAD_LETTERS")).Info.State.Messages == letters, TimeSpan.FromSeconds(30));
            await jetStream.DeleteStreamAsync("ORDERS");
        }
    }

    private static Task<long> CountAsync(FaultSystem system, string condition) =>
        Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE {condition}");
}
