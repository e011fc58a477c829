namespace OrderSystem.Tests.Support;

/// <summary>Cuts the first session, and a fifth of the others, between a commit and its answer, so that the client cannot know whether it was committed.</summary>
/// <param name="dice">Decides which.</param>
/// <param name="statement">What the parameters of the statements contain that are meant.</param>
internal sealed class LostCommits(FaultDice dice, params string[] statement)
{
    private readonly byte[][] marks = [.. statement.Select(System.Text.Encoding.UTF8.GetBytes)];
    private int lost;

    /// <summary>Answers that did not arrive.</summary>
    internal int Count => Volatile.Read(ref lost);

    /// <summary>For what the client sends.</summary>
    internal TcpVerdict Ask(TcpLink link, ReadOnlySpan<byte> frame)
    {
        if (TcpFrames.IsBind(frame))
        {
            foreach (var mark in marks)
            {
                if (frame.IndexOf(mark) >= 0)
                    link.Mark = this;
            }
        }

        return TcpVerdict.Pass;
    }

    /// <summary>For what the server sends.</summary>
    internal TcpVerdict Answer(TcpLink link, ReadOnlySpan<byte> frame)
    {
        if (link.Mark != this || !TcpFrames.IsReadyForQuery(frame))
            return TcpVerdict.Pass;
        link.Mark = null;
        if (Count > 0 && !dice.Hits(0.2))
            return TcpVerdict.Pass;
        Interlocked.Increment(ref lost);
        return TcpVerdict.Cut;
    }
}
