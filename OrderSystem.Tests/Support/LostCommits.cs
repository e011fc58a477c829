namespace OrderSystem.Tests.Support;

/// <summary>
/// Cuts the first session, and a fifth of the others, between a commit and
/// its response, so that the outcome of the commit is unknown to the client.
/// </summary>
/// <param name="dice">Decides which sessions are cut.</param>
/// <param name="statement">What the parameters of the affected statements contain.</param>
internal sealed class LostCommits(FaultDice dice, params string[] statement)
{
    private readonly byte[][] marks = [.. statement.Select(System.Text.Encoding.UTF8.GetBytes)];
    private int lost;

    /// <summary>Responses that did not arrive.</summary>
    internal int Count => Volatile.Read(ref lost);

    /// <summary>The rule for what the client sends.</summary>
    internal TcpVerdict FromClient(TcpLink link, ReadOnlySpan<byte> frame)
    {
        if (TcpFrameMatcher.IsBind(frame))
        {
            foreach (var mark in marks)
            {
                if (frame.IndexOf(mark) >= 0)
                    link.Mark = this;
            }
        }

        return TcpVerdict.Pass;
    }

    /// <summary>The rule for what the server sends.</summary>
    internal TcpVerdict FromServer(TcpLink link, ReadOnlySpan<byte> frame)
    {
        if (link.Mark != this || !TcpFrameMatcher.IsReadyForQuery(frame))
            return TcpVerdict.Pass;
        link.Mark = null;
        if (Count > 0 && !dice.Hits(0.2))
            return TcpVerdict.Pass;
        Interlocked.Increment(ref lost);
        return TcpVerdict.Cut;
    }
}
