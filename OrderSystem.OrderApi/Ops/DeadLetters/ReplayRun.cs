namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary>What was published again in one replay, and what of it has come back.</summary>
internal sealed class ReplayRun(DeadLetterStream stream, TimeProvider time, ulong lastSeen)
{
    /// <summary>How long an outcome is waited for: after the first letter, and after the last.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<(string Stream, ulong Sequence), DeadLetter> open = [];
    private long looked = time.GetTimestamp();
    private ulong seen = lastSeen;

    internal List<ulong> Letters { get; } = [];

    internal List<FailedReplay> Failed { get; } = [];

    internal int Replayed { get; private set; }

    /// <summary>Why no more may be replayed, whatever the filter selects.</summary>
    internal string? Stopped { get; private set; }

    internal async Task AddAsync(DeadLetter letter, ulong sequence, CancellationToken cancellationToken)
    {
        open.Add((letter.Stream, sequence), letter);
        Replayed++;
        if (Replayed == 1)
            await SettleAsync(cancellationToken);
        else if (time.GetElapsedTime(looked) > LookEvery)
            await LookAsync(cancellationToken);
    }

    internal void Stop(string why) => Stopped = why;

    /// <summary>Waits until every outcome is known, or patience ends.</summary>
    internal async Task SettleAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var done = false; !done && open.Count > 0 && Stopped is null;)
        {
            done = time.GetElapsedTime(started) > Patience;
            await LookAsync(cancellationToken);
            if (!done && open.Count > 0)
                await Task.Delay(Pause, time, cancellationToken);
        }
    }

    internal ReplayReport Report(bool dryRun) => new(dryRun, Letters, Replayed, Failed, open.Count, Stopped);

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        // Settled is asked first: a letter is kept before its original is terminated, so what is settled and no letter took effect.
        var settled = await SettledAsync(cancellationToken);
        if (await stream.LastSequenceAsync(cancellationToken) > seen)
        {
            await foreach (var letter in stream.ReadAsync(new DeadLetterFilter(), seen + 1, cancellationToken))
            {
                seen = letter.Sequence;
                if (open.Remove((letter.Stream, letter.OriginalSequence), out var replayed))
                {
                    Failed.Add(new(replayed.Sequence, letter.Sequence, letter.Reason));
                    Stop("a replayed message became a dead letter again; mend the cause before replaying more");
                }
            }
        }

        foreach (var place in settled)
            open.Remove(place);
        looked = time.GetTimestamp();
    }

    private async Task<List<(string Stream, ulong Sequence)>> SettledAsync(CancellationToken cancellationToken)
    {
        var settled = new List<(string, ulong)>();
        foreach (var consumer in open.GroupBy(entry => (entry.Value.Stream, entry.Value.Consumer)).ToList())
        {
            var floor = await stream.AckFloorAsync(consumer.Key.Stream, consumer.Key.Consumer, cancellationToken);
            settled.AddRange(consumer.Select(entry => entry.Key).Where(place => place.Sequence <= floor));
        }

        return settled;
    }
}
