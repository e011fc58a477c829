using System.Collections.Concurrent;
using System.Text;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Processes that are killed at critical moments.</summary>
public sealed class ProcessFaultTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task F24_A_relay_killed_between_acknowledgement_and_delete_leaves_one_copy()
    {
        await using var system = await FaultSystem.StartAsync();
        const int Deaths = 8;
        var (published, duplicates) = ((Guid?)null, 0);
        var earlier = new ConcurrentDictionary<Guid, byte>();
        system.ApiNats.FromClient = (_, frame) =>
        {
            // The rows of killed relays are published again, too. Their deletes must not
            // be held, because the commit of the next order may be queued behind them.
            if (frame.StartsWith("HPUB orders.created "u8)
                && Guid.Parse(Encoding.ASCII.GetString(frame[(frame.IndexOf("ce-subject: "u8) + 12)..][..36])) is var order
                && !earlier.ContainsKey(order))
                published = order;
            return TcpVerdict.Pass;
        };
        system.ApiNats.FromServer = (_, frame) =>
        {
            if (TcpFrameMatcher.IsDuplicateAck(frame))
                Interlocked.Increment(ref duplicates);
            return TcpVerdict.Pass;
        };

        for (var death = 0; death < Deaths; death++)
        {
            var delete = new FaultBreakpoint(TcpVerdict.Hold, (_, frame) => published is { } order && TcpFrameMatcher.IsBind(frame)
                && frame.Contains(order) && !frame.Contains("orders.created"u8) && !frame.Contains("paid"u8));
            system.ApiPostgres.FromClient = delete.Judge;
            await system.Load.PlaceAsync();
            var link = await delete.ReachedAsync(Timeout);
            await system.KillAsync(system.Apis[0]);
            system.ApiPostgres.Cut(link);
            earlier[published!.Value] = 0;
            published = null;
            await system.StartApiAsync();
        }

        var snapshot = await system.AuditAsync();
        Assert.Equal(Deaths, snapshot.OrderApi.Stream.Count);
        Assert.True(duplicates >= Deaths, $"{duplicates} duplicates were recognised");
    }

    [Fact]
    public async Task F26_Instances_killed_every_few_seconds_do_not_stop_the_others()
    {
        await using var system = await FaultSystem.StartAsync(apis: 3, workers: 4);
        using var over = new CancellationTokenSource();
        var load = system.Load.RunAsync(new(Orders: 800, PerSecond: 12) { Until = over.Token });
        for (var death = 0; death < 6; death++)
        {
            await Task.Delay(system.Dice.Between(0.5, 2), TimeProvider.System);
            var victim = system.Dice.OneOf([.. system.Apis, .. system.Workers]);
            var isApi = system.Apis.Contains(victim);
            await system.KillAsync(victim);
            await (isApi ? system.StartApiAsync() : system.StartWorkerAsync());
        }

        await over.CancelAsync();
        await load;
        await system.AuditAsync(TimeSpan.FromSeconds(90));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("stripe")]
    public async Task F27_A_worker_killed_at_any_point_of_a_charge_leaves_it_to_the_next_worker(string provider)
    {
        await using var system = await FaultSystem.StartAsync(settings: ProviderSettings.WithoutWebhooks(provider));
        foreach (var point in Enum.GetValues<Point>())
        {
            system.WorkerNats.Freeze();
            var order = (await system.Load.PlaceAsync()).OrderId!.Value;
            var breakpoint = Set(system, point, order);
            system.WorkerNats.Thaw();
            var link = await ReachedAsync(breakpoint, point);
            await system.KillAsync(system.Workers[0]);
            system.WorkerNats.Cut(link);
            foreach (var proxy in system.Proxies)
                (proxy.FromClient, proxy.FromServer) = (null, null);
            await system.StartWorkerAsync();
        }

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(90));
        Assert.Equal(Enum.GetValues<Point>().Length, snapshot.Ledger.Count);
    }

    private static async Task<TcpLink> ReachedAsync(FaultBreakpoint breakpoint, Point point)
    {
        try
        {
            return await breakpoint.ReachedAsync(Timeout);
        }
        catch (TimeoutException late)
        {
            throw new Xunit.Sdk.XunitException($"The worker did not reach the point {point}.", late);
        }
    }

    private static FaultBreakpoint Set(FaultSystem system, Point point, Guid order)
    {
        bool Begins(ReadOnlySpan<byte> frame) =>
            TcpFrameMatcher.IsBind(frame) && frame.Contains(order) && frame.Contains("EUR"u8) && !frame.Contains("payments.succeeded"u8);
        bool Records(ReadOnlySpan<byte> frame) =>
            TcpFrameMatcher.IsBind(frame) && frame.Contains(order) && frame.Contains("payments.succeeded"u8);
        switch (point)
        {
            case Point.BeforeTx1:
                return FromClient(system.WorkerPostgres, TcpVerdict.Hold, frame => Begins(frame));
            case Point.AfterTx1:
                return HoldResponse(system.WorkerPostgres, frame => Begins(frame), frame => TcpFrameMatcher.IsReadyForQuery(frame));
            case Point.RequestSent:
                return FromClient(system.Provider, TcpVerdict.PassAndHold, frame => frame.Contains(order));
            case Point.AnswerSent:
                return HoldResponse(system.Provider, frame => frame.Contains(order), _ => true);
            case Point.AfterAnswer:
                return FromClient(system.WorkerPostgres, TcpVerdict.Hold, frame => Records(frame));
            case Point.AfterTx2:
                return HoldResponse(system.WorkerPostgres, frame => Records(frame), frame => TcpFrameMatcher.IsReadyForQuery(frame));
            default:
                byte[]? ack = null;
                system.WorkerNats.FromServer = (_, frame) =>
                {
                    if (TcpFrameMatcher.AckSubjectOf(frame) is { } subject && frame.Contains(order))
                        ack = Encoding.ASCII.GetBytes(subject);
                    return TcpVerdict.Pass;
                };
                return FromClient(
                    system.WorkerNats, TcpVerdict.PassAndHold, frame => ack is not null && frame.Contains(ack) && frame.Contains("+ACK"u8));
        }
    }

    private static FaultBreakpoint FromClient(TcpProxy proxy, TcpVerdict verdict, IsFrame isHere)
    {
        var breakpoint = new FaultBreakpoint(verdict, (_, frame) => isHere(frame));
        proxy.FromClient = breakpoint.Judge;
        return breakpoint;
    }

    /// <summary>Holds the response to the matching request.</summary>
    private static FaultBreakpoint HoldResponse(TcpProxy proxy, IsFrame isRequest, IsFrame isResponse)
    {
        proxy.FromClient = (link, frame) =>
        {
            if (isRequest(frame))
                link.Mark = proxy;
            return TcpVerdict.Pass;
        };
        var breakpoint = new FaultBreakpoint(TcpVerdict.Hold, (link, frame) => link.Mark is not null && isResponse(frame));
        proxy.FromServer = breakpoint.Judge;
        return breakpoint;
    }

    private delegate bool IsFrame(ReadOnlySpan<byte> frame);

    private enum Point
    {
        BeforeTx1,
        AfterTx1,
        RequestSent,
        AnswerSent,
        AfterAnswer,
        AfterTx2,
        AfterAck,
    }
}
