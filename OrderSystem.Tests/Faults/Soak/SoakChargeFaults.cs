using System.Text;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>F27: workers that are killed at any point of a charge.</summary>
internal static class SoakChargeFaults
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    internal static async Task KillWorkersAsync(SoakEnvironment soak)
    {
        var points = Enum.GetValues<Point>();
        for (var deaths = Math.Min(points.Length, soak.Scaled(points.Length)); deaths > 0; deaths--)
        {
            var point = soak.Dice.OneOf(points);
            using var breakpoint = await SetAsync(soak, point);
            if (breakpoint is null)
                continue;
            try
            {
                var link = await breakpoint.Stop.ReachedAsync(Timeout);
                await SoakProcessFaults.KillOwnerAsync(soak, breakpoint.Proxy, link, $"workers killed {point}");
            }
            catch (TimeoutException late)
            {
                throw new Xunit.Sdk.XunitException($"The worker did not reach the point {point} of order {breakpoint.Order}.", late);
            }
        }
    }

    /// <summary>Places an order that no worker receives before its breakpoint is set.</summary>
    private static async Task<Breakpoint?> SetAsync(SoakEnvironment soak, Point point)
    {
        soak.Target.WorkerNats.Freeze();
        try
        {
            return (await soak.Target.Load.PlaceAsync()).OrderId is { } order ? Set(soak, point, order) : null;
        }
        finally
        {
            soak.Target.WorkerNats.Thaw();
        }
    }

    private static Breakpoint Set(SoakEnvironment soak, Point point, Guid order)
    {
        var (database, provider, nats) = (soak.Target.WorkerPostgres, soak.Target.Provider, soak.Target.WorkerNats);
        bool Begins(ReadOnlySpan<byte> frame) =>
            TcpFrameMatcher.IsBind(frame) && frame.Contains(order) && frame.Contains("EUR"u8) && !frame.Contains("payments."u8);
        bool Records(ReadOnlySpan<byte> frame) => TcpFrameMatcher.IsBind(frame) && frame.Contains(order) && frame.Contains("payments."u8);
        switch (point)
        {
            case Point.BeforeTx1:
                return new(soak, order, database, true, TcpVerdict.Hold, (_, frame) => Begins(frame));
            case Point.AfterTx1:
                return HoldResponse(soak, order, database, frame => Begins(frame), frame => TcpFrameMatcher.IsReadyForQuery(frame));
            case Point.AfterRequest:
                return new(soak, order, provider, true, TcpVerdict.PassAndHold, (_, frame) => frame.Contains(order));
            case Point.BeforeAnswer:
                return HoldResponse(soak, order, provider, frame => frame.Contains(order), _ => true);
            case Point.AfterAnswer:
                return new(soak, order, database, true, TcpVerdict.Hold, (_, frame) => Records(frame));
            case Point.AfterTx2:
                return HoldResponse(soak, order, database, frame => Records(frame), frame => TcpFrameMatcher.IsReadyForQuery(frame));
            default:
                byte[]? subject = null;
                var delivery = soak.Rules.FromServer(nats, (_, frame) =>
                {
                    if (TcpFrameMatcher.AckSubjectOf(frame) is { } given && frame.Contains(order))
                        subject = Encoding.ASCII.GetBytes(given);
                    return TcpVerdict.Pass;
                });
                return new(soak, order, nats, true, TcpVerdict.PassAndHold,
                    (_, frame) => subject is not null && frame.Contains(subject) && frame.Contains("+ACK"u8), delivery);
        }
    }

    /// <summary>Holds the response to the matching request.</summary>
    private static Breakpoint HoldResponse(SoakEnvironment soak, Guid order, TcpProxy proxy, IsFrame isRequest, IsFrame isResponse)
    {
        var mark = new object();
        var request = soak.Rules.FromClient(proxy, (link, frame) =>
        {
            if (isRequest(frame))
                link.Mark = mark;
            return TcpVerdict.Pass;
        });
        return new(soak, order, proxy, false, TcpVerdict.Hold, (link, frame) => link.Mark == mark && isResponse(frame), request);
    }

    private delegate bool IsFrame(ReadOnlySpan<byte> frame);

    private sealed class Breakpoint : IDisposable
    {
        private readonly IDisposable[] rules;

        internal Breakpoint(
            SoakEnvironment soak, Guid order, TcpProxy proxy, bool fromClient, TcpVerdict verdict, FaultBreakpoint.Place isHere,
            params IDisposable[] others)
        {
            (Order, Proxy, Stop) = (order, proxy, new(verdict, isHere));
            rules = [.. others, fromClient ? soak.Rules.FromClient(proxy, Stop.Judge) : soak.Rules.FromServer(proxy, Stop.Judge)];
        }

        internal Guid Order { get; }

        internal TcpProxy Proxy { get; }

        internal FaultBreakpoint Stop { get; }

        public void Dispose()
        {
            foreach (var rule in rules)
                rule.Dispose();
        }
    }

    private enum Point
    {
        BeforeTx1,
        AfterTx1,
        AfterRequest,
        BeforeAnswer,
        AfterAnswer,
        AfterTx2,
        AfterAck,
    }
}
