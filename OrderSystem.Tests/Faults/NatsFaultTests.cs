using System.Net;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Faults of the broker and of the connections to it.</summary>
public sealed class NatsFaultTests
{
    [Fact]
    public async Task F1_Killing_NATS_in_a_loop_under_load_loses_nothing()
    {
        await using var system = await FaultSystem.StartAsync(apis: 2, workers: 2);
        using var over = new CancellationTokenSource();
        var load = system.Load.RunAsync(new(Orders: 800, PerSecond: 25) { Until = over.Token });
        for (var kill = 0; kill < 4; kill++)
        {
            await Task.Delay(system.Dice.Between(0.5, 1.5), TimeProvider.System);
            await system.Nats.KillAsync();
            await Task.Delay(system.Dice.Between(0, 0.7), TimeProvider.System);
            await system.Nats.StartAgainAsync();
        }

        await over.CancelAsync();
        var history = await load;

        AssertNoneWasRejected(history);
        await system.AuditAsync();
        Assert.DoesNotContain(
            system.AllInstances, instance => instance.Output.Contains("has lost messages", StringComparison.Ordinal));
    }

    [Fact]
    public async Task F4_A_frozen_NATS_delays_orders_and_is_noticed()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.Load.RunAsync(new(Orders: 20, PerSecond: 50));

        await system.Nats.SignalAsync("STOP");
        var frozen = TimeProvider.System.GetTimestamp();
        var load = system.Load.RunAsync(new(Orders: 60, PerSecond: 2));
        using var http = new HttpClient { BaseAddress = system.Apis[0].Address };
        await Eventually.BeTrueAsync("the API is unhealthy",
            async () => !(await http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode, TimeSpan.FromSeconds(45));

        // After two unanswered pings, 15 s apart, the clients close the connection and reconnect.
        await Eventually.BeTrueAsync(
            "the API and the worker have closed their connections",
            () => Task.FromResult(system.ApiNats.LeftByClient > 0 && system.WorkerNats.LeftByClient > 0),
            TimeSpan.FromSeconds(45) - TimeProvider.System.GetElapsedTime(frozen));
        await load;
        await system.Nats.SignalAsync("CONT");

        AssertNoneWasRejected(system.Load.History);
        await system.AuditAsync();
    }

    [Fact]
    public async Task F6_A_full_stream_keeps_events_in_the_outbox_until_there_is_room()
    {
        await using var system = await FaultSystem.StartAsync();
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 50));
        await system.WaitUntilIdleAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        var stream = (await jetStream.GetStreamAsync("ORDERS")).Info;
        await jetStream.UpdateStreamAsync(stream.Config with { MaxBytes = stream.State.Bytes + 1 });

        await system.Load.RunAsync(new(Orders: 40, PerSecond: 50));
        await Eventually.GetAsync(
            "the relay logs why the events wait", () => Task.FromResult(
                system.Apis[0].Output is var said && said.Contains("maximum bytes exceeded", StringComparison.Ordinal) ? "" : said),
            said => said == "");
        Assert.Equal(40L, await Sql.ScalarAsync<long>(system.OrdersDatabase, "SELECT count(*) FROM outbox WHERE parked_at IS NULL"));
        using (var http = new HttpClient { BaseAddress = system.Apis[0].Address })
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(new Uri("/health", UriKind.Relative))).StatusCode);
        await jetStream.UpdateStreamAsync(stream.Config with { MaxBytes = -1 });

        var snapshot = await system.AuditAsync();
        Assert.Equal(50, snapshot.OrderApi.Stream.Count);
        await FaultSystem.WaitUntilHealthyAsync(system.Apis[0]);
    }

    [Fact]
    public async Task F13_Lost_publish_acknowledgements_leave_one_copy_in_the_stream()
    {
        await using var system = await FaultSystem.StartAsync();
        var (lost, duplicates) = (0, 0);
        system.ApiNats.FromServer = system.WorkerNats.FromServer = (_, frame) =>
        {
            if (TcpFrameMatcher.IsDuplicateAck(frame))
                Interlocked.Increment(ref duplicates);
            if (!TcpFrameMatcher.IsPublishAck(frame) || !system.Dice.Hits(0.2))
                return TcpVerdict.Pass;
            Interlocked.Increment(ref lost);
            return TcpVerdict.Drop;
        };

        await system.Load.RunAsync(new(Orders: 150, PerSecond: 50));

        var snapshot = await system.AuditAsync();
        Assert.True(lost > 20 && duplicates > 10, $"{lost} acknowledgements were lost, {duplicates} duplicates were recognised");
        Assert.Equal((150, 150), (snapshot.OrderApi.Stream.Count, snapshot.Worker.Stream.Count));
    }

    /// <summary>Accepting an order does not need the broker.</summary>
    private static void AssertNoneWasRejected(LoadHistory history)
    {
        Assert.All(history.Requests, request => Assert.NotNull(request.OrderId));
        Assert.DoesNotContain(
            history.Requests.SelectMany(request => request.Attempts), attempt => attempt.Outcome == LoadOutcome.RetryLater);
    }
}
