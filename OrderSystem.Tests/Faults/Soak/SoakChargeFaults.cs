using System.Text;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>F27: a worker that dies at any point of a charge.</summary>
internal static class SoakChargeFaults
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static async Task KillWorkersAsync(SoakStage stage)
    {
        var points = Enum.GetValues<Point>();
        for (var deaths = Math.Min(points.Length, stage.Scaled(points.Length)); deaths > 0; deaths--)
        {
            var point = stage.Dice.OneOf(points);
            using var breakpoint = await SetAsync(stage, point);
            if (breakpoint is null)
                continue;
            try
            {
                var link = await breakpoint.Stop.ReachedAsync(Patience);
                await SoakProcessFaults.EndAsync(stage, breakpoint.Proxy, link, $"workers killed {point}");
            }
            catch (TimeoutException late)
            {
                throw new Xunit.Sdk.XunitException($"The worker did not come to the point {point} of order {breakpoint.Order}.", late);
            }
        }
    }

    /// <summary>Places an order that no worker can see before its breakpoint is there.</summary>
    private static async Task<Breakpoint?> SetAsync(SoakStage stage, Point point)
    {
        stage.Target.WorkerNats.Freeze();
        try
        {
            return (await stage.Target.Load.PlaceAsync()).OrderId is { } order ? Set(stage, point, order) : null;
        }
        finally
        {
            stage.Target.WorkerNats.Thaw();
        }
    }

    private static Breakpoint Set(SoakStage stage, Point point, Guid order)
    {
        var (database, provider, nats) = (stage.Target.WorkerPostgres, stage.Target.Provider, stage.Target.WorkerNats);
        bool Begins(ReadOnlySpan<byte> frame) => TcpFrames.IsBind(frame) && frame.Contains(order) && frame.Contains("EUR"u8) && !frame.Contains("payments."u8);
        bool Records(ReadOnlySpan<byte> frame) => TcpFrames.IsBind(frame) && frame.Contains(order) && frame.Contains("payments."u8);
        switch (point)
        {
            case Point.BeforeTx1:
                return new(stage, order, database, true, TcpVerdict.Hold, (_, frame) => Begins(frame));
            case Point.AfterTx1:
                return Answer(stage, order, database, frame => Begins(frame), frame => TcpFrames.IsReadyForQuery(frame));
            case Point.AfterRequest:
                return new(stage, order, provider, true, TcpVerdict.PassAndHold, (_, frame) => frame.Contains(order));
            case Point.BeforeAnswer:
                return Answer(stage, order, provider, frame => frame.Contains(order), _ => true);
            case Point.AfterAnswer:
                return new(stage, order, database, true, TcpVerdict.Hold, (_, frame) => Records(frame));
            case Point.AfterTx2:
                return Answer(stage, order, database, frame => Records(frame), frame => TcpFrames.IsReadyForQuery(frame));
            default:
                byte[]? subject = null;
                var delivery = stage.Rules.FromServer(nats, (_, frame) =>
                {
                    if (TcpFrames.AckSubjectOf(frame) is { } given && frame.Contains(order))
                        subject = Encoding.ASCII.GetBytes(given);
                    return TcpVerdict.Pass;
                });
                return new(stage, order, nats, true, TcpVerdict.PassAndHold, (_, frame) => subject is not null && frame.Contains(subject) && frame.Contains("+ACK"u8), delivery);
        }
    }

    /// <summary>Holds the answer to what was asked.</summary>
    private static Breakpoint Answer(SoakStage stage, Guid order, TcpProxy proxy, IsFrame isQuestion, IsFrame isAnswer)
    {
        var mark = new object();
        var question = stage.Rules.FromClient(proxy, (link, frame) =>
        {
            if (isQuestion(frame))
                link.Mark = mark;
            return TcpVerdict.Pass;
        });
        return new(stage, order, proxy, false, TcpVerdict.Hold, (link, frame) => link.Mark == mark && isAnswer(frame), question);
    }

    private delegate bool IsFrame(ReadOnlySpan<byte> frame);

    private sealed class Breakpoint : IDisposable
    {
        private readonly IDisposable[] rules;

        internal Breakpoint(SoakStage stage, Guid order, TcpProxy proxy, bool fromClient, TcpVerdict verdict, FaultBreakpoint.Place isHere, params IDisposable[] others)
        {
            (Order, Proxy, Stop) = (order, proxy, new(verdict, isHere));
            rules = [.. others, fromClient ? stage.Rules.FromClient(proxy, Stop.Judge) : stage.Rules.FromServer(proxy, Stop.Judge)];
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
