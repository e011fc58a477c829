using System.Collections.Concurrent;

namespace OrderSystem.Messaging.Persistence;

/// <summary>
/// Writes that met a row that another session holds locked. They wait beside the commit queue on sessions of their own, so that only their callers wait; and
/// while an order is known to be locked, what is written to it comes here at once.
/// </summary>
/// <param name="commit">Commits writes on a session of its own; waits for locks as long as the connection string says, or only for a moment.</param>
/// <param name="time">Clock.</param>
internal sealed class LockedRows(Func<IReadOnlyList<PendingWrite>, bool, Task> commit, TimeProvider time) : IDisposable
{
    /// <summary>Sessions that may wait for a lock at once, and as many that find out whether a write has to. A write that finds none free waits for one as long as its caller waits.</summary>
    private const int Sessions = 4;

    /// <summary>Locked orders that are remembered. More mean that a whole table is locked.</summary>
    private const int MostOrders = 1_000;
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim alone = new(Sessions);

    /// <summary>Apart from the others: writes that may go at once do not queue behind those that wait.</summary>
    private readonly SemaphoreSlim halves = new(Sessions);
    private readonly ConcurrentDictionary<Guid, long> orders = [];
    private readonly ConcurrentDictionary<Task, byte> waiting = [];

    /// <summary>Whether a row of the write's order was locked a moment ago.</summary>
    internal bool Contains(PendingWrite write) =>
        !orders.IsEmpty && orders.TryGetValue(write.Key, out var since) && time.GetElapsedTime(since) < Memory;

    /// <summary>Finds out which of the writes wait, by halves, and lets these wait. Returns at once.</summary>
    internal void Take(IReadOnlyList<PendingWrite> writes)
    {
        if (writes.Count == 1)
        {
            Start(writes, isAlone: true);
            return;
        }

        var half = writes.Count / 2;
        Start([.. writes.Take(half)], isAlone: false);
        Start([.. writes.Skip(half)], isAlone: false);
    }

    /// <summary>Returns when every write is committed or has failed.</summary>
    internal async Task DrainAsync()
    {
        while (waiting.Keys.FirstOrDefault() is { } run)
        {
            await run;
            waiting.TryRemove(run, out _);
        }
    }

    public void Dispose()
    {
        alone.Dispose();
        halves.Dispose();
    }

    private void Start(IReadOnlyList<PendingWrite> writes, bool isAlone)
    {
        if (isAlone && writes[0].Key != Guid.Empty)
        {
            if (orders.Count >= MostOrders)
                orders.Clear();
            orders[writes[0].Key] = time.GetTimestamp();
        }

        var run = RunAsync(writes, isAlone);
        waiting.TryAdd(run, 0);
        _ = run.ContinueWith(ended => waiting.TryRemove(ended, out _), TaskScheduler.Default);
    }

    private async Task RunAsync(IReadOnlyList<PendingWrite> writes, bool isAlone)
    {
        var room = isAlone ? alone : halves;
        await room.WaitAsync();
        try
        {
            PendingWrite[] wanted = [.. writes.Where(write => !write.IsGivenUp)];
            if (wanted.Length == 0)
                return;
            await commit(wanted, isAlone);
            if (isAlone && wanted[0].Succeeded)
                orders.TryRemove(wanted[0].Key, out _);
        }
        finally
        {
            room.Release();
        }
    }
}
