namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary>Tracks one replay: which messages were replayed, and which became dead letters again.</summary>
internal sealed class ReplayRun(DeadLetterStream stream, TimeProvider time, ulong lastSeen)
{
    /// <summary>How long to wait for outcomes: after the first letter, and after the last.</summary>
    private static readonly TimeSpan OutcomeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<(string Stream, ulong Sequence), DeadLetter> undecided = [];
    private long checkedAt = time.GetTimestamp();
    private ulong lastRead = lastSeen;

    internal List<ulong> Letters { get; } = [];

    internal List<FailedReplay> Failed { get; } = [];

    internal int Replayed { get; private set; }

    /// <summary>Why the replay must stop early, whatever else the filter selects; null while it may continue.</summary>
    internal string? Stopped { get; private set; }

    internal async Task AddAsync(DeadLetter letter, ulong sequence, CancellationToken cancellationToken)
    {
        undecided.Add((letter.Stream, sequence), letter);
        Replayed++;
        if (Replayed == 1)
            await SettleAsync(cancellationToken);
        else if (time.GetElapsedTime(checkedAt) > CheckInterval)
            await CheckAsync(cancellationToken);
    }

    internal void Stop(string why) => Stopped = why;

    /// <summary>Waits until every outcome is known or the timeout is over.</summary>
    internal async Task SettleAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var done = false; !done && undecided.Count > 0 && Stopped is null;)
        {
            done = time.GetElapsedTime(started) > OutcomeTimeout;
            await CheckAsync(cancellationToken);
            if (!done && undecided.Count > 0)
                await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    internal ReplayReport Report(bool dryRun) => new(dryRun, Letters, Replayed, Failed, undecided.Count, Stopped);

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        // The ack floor is read first: a dead letter is stored before its original is terminated, so a settled message without one took
        // effect.
        var settled = await SettledAsync(cancellationToken);
        if (await stream.LastSequenceAsync(cancellationToken) > lastRead)
        {
            await foreach (var letter in stream.ReadAsync(new DeadLetterFilter(), lastRead + 1, cancellationToken))
            {
                lastRead = letter.Sequence;
                if (undecided.Remove((letter.Stream, letter.OriginalSequence), out var replayed))
                {
                    Failed.Add(new(replayed.Sequence, letter.Sequence, letter.Reason));
                    Stop("a replayed message became a dead letter again; fix the cause before replaying more");
                }
            }
        }

        foreach (var place in settled)
            undecided.Remove(place);
        checkedAt = time.GetTimestamp();
    }

    private async Task<List<(string Stream, ulong Sequence)>> SettledAsync(CancellationToken cancellationToken)
    {
        var settled = new List<(string, ulong)>();
        foreach (var consumer in undecided.GroupBy(entry => (entry.Value.Stream, entry.Value.Consumer)).ToList())
        {
            var floor = await stream.AckFloorAsync(consumer.Key.Stream, consumer.Key.Consumer, cancellationToken);
            settled.AddRange(consumer.Select(entry => entry.Key).Where(place => place.Sequence <= floor));
        }

        return settled;
    }
}
