namespace OrderSystem.Tests.Support;

/// <summary>
/// Several rules for each link, and counts of what passed on all links. The first rule that does not let a frame pass decides.
/// </summary>
internal sealed class FaultRules
{
    private readonly Dictionary<(TcpProxy, bool), Side> sides = [];
    private long redelivered;
    private long duplicates;
    private long settled;
    private long deadLetters;

    internal FaultRules(FaultSystem system)
    {
        foreach (var proxy in system.Proxies)
        {
            var (up, down) = (new Side(), new Side());
            (sides[(proxy, true)], sides[(proxy, false)]) = (up, down);
            (proxy.FromClient, proxy.FromServer) = (up.Judge, down.Judge);
        }

        foreach (var proxy in new[] { system.ApiNats, system.WorkerNats })
        {
            FromClient(proxy, CountSent);
            FromServer(proxy, CountReceived);
        }
    }

    /// <summary>Deliveries after the first of a message.</summary>
    internal long Redelivered => Interlocked.Read(ref redelivered);

    /// <summary>Publishes that a stream recognised as duplicates.</summary>
    internal long StreamDuplicates => Interlocked.Read(ref duplicates);

    /// <summary>Acknowledgements of consumers, including those of redelivered messages.</summary>
    internal long Settled => Interlocked.Read(ref settled);

    internal long DeadLetters => Interlocked.Read(ref deadLetters);

    /// <summary>Applies the rule to what services send, until the result is disposed.</summary>
    internal IDisposable FromClient(TcpProxy proxy, TcpRule rule) => sides[(proxy, true)].Add(rule);

    /// <summary>Applies the rule to what the server sends, until the result is disposed.</summary>
    internal IDisposable FromServer(TcpProxy proxy, TcpRule rule) => sides[(proxy, false)].Add(rule);

    private TcpVerdict CountSent(TcpLink link, ReadOnlySpan<byte> frame)
    {
        if ((frame.StartsWith("PUB $JS.ACK."u8) || frame.StartsWith("HPUB $JS.ACK."u8)) && frame.EndsWith("+ACK\r\n"u8))
            Interlocked.Increment(ref settled);
        if (frame.StartsWith("HPUB dead-letters."u8))
            Interlocked.Increment(ref deadLetters);
        return TcpVerdict.Pass;
    }

    private TcpVerdict CountReceived(TcpLink link, ReadOnlySpan<byte> frame)
    {
        if (TcpFrameMatcher.IsDuplicateAck(frame))
            Interlocked.Increment(ref duplicates);
        if (TcpFrameMatcher.AckSubjectOf(frame) is { } subject && TcpFrameMatcher.DeliveryOf(subject) > 1)
            Interlocked.Increment(ref redelivered);
        return TcpVerdict.Pass;
    }

    private sealed class Side
    {
        private readonly Lock one = new();
        private volatile TcpRule[] rules = [];

        internal TcpVerdict Judge(TcpLink link, ReadOnlySpan<byte> frame)
        {
            foreach (var rule in rules)
            {
                if (rule(link, frame) is not TcpVerdict.Pass and var verdict)
                    return verdict;
            }

            return TcpVerdict.Pass;
        }

        internal IDisposable Add(TcpRule rule)
        {
            lock (one)
                rules = [.. rules, rule];
            return new Removal(() =>
            {
                lock (one)
                    rules = [.. rules.Where(other => other != rule)];
            });
        }
    }

    private sealed class Removal(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }
}
