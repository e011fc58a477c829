using System.Collections.Concurrent;

namespace OrderSystem.Messaging.GroupCommit;

/// <summary>
/// Writes that met a row that another session holds locked. They wait on connections of their own, outside of the commit queue, so that
/// only their callers wait. Further writes to an order that is known to be locked come here directly.
/// </summary>
/// <param name="commit">Commits writes on a connection of its own; waits for locks as long as the connection string says,
/// or only briefly.</param>
/// <param name="time">Clock.</param>
internal sealed class LockedRows(Func<IReadOnlyList<PendingWrite>, bool, Task> commit, TimeProvider time) : IDisposable
{
    /// <summary>Connections that may wait for a lock at once, and as many that find out whether a write has to wait.</summary>
    private const int Connections = 4;

    /// <summary>Bounds the memory for locked orders. More of them mean that a whole table is locked.</summary>
    private const int MaxOrders = 1_000;
    private static readonly TimeSpan OrderLifetime = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim waiters = new(Connections);

    /// <summary>Separate from the waiters: writes that need not wait must not queue behind those that do.</summary>
    private readonly SemaphoreSlim probes = new(Connections);
    private readonly ConcurrentDictionary<Guid, long> orders = [];
    private readonly ConcurrentDictionary<Task, byte> running = [];

    /// <summary>Whether a row of the write's order was locked recently.</summary>
    internal bool Contains(PendingWrite write) =>
        !orders.IsEmpty && orders.TryGetValue(write.Key, out var since) && time.GetElapsedTime(since) < OrderLifetime;

    /// <summary>Finds the writes that have to wait, by halving, and lets these wait. Returns at once.</summary>
    internal void Take(IReadOnlyList<PendingWrite> writes)
    {
        if (writes.Count == 1)
        {
            Start(writes, isSingle: true);
            return;
        }

        var half = writes.Count / 2;
        Start([.. writes.Take(half)], isSingle: false);
        Start([.. writes.Skip(half)], isSingle: false);
    }

    /// <summary>Returns when every write is committed or has failed.</summary>
    internal async Task DrainAsync()
    {
        while (running.Keys.FirstOrDefault() is { } run)
        {
            await run;
            running.TryRemove(run, out _);
        }
    }

    public void Dispose()
    {
        waiters.Dispose();
        probes.Dispose();
    }

    private void Start(IReadOnlyList<PendingWrite> writes, bool isSingle)
    {
        if (isSingle && writes[0].Key != Guid.Empty)
        {
            if (orders.Count >= MaxOrders)
                orders.Clear();
            orders[writes[0].Key] = time.GetTimestamp();
        }

        var run = RunAsync(writes, isSingle);
        running.TryAdd(run, 0);
        _ = run.ContinueWith(ended => running.TryRemove(ended, out _), TaskScheduler.Default);
    }

    private async Task RunAsync(IReadOnlyList<PendingWrite> writes, bool isSingle)
    {
        var slots = isSingle ? waiters : probes;
        await slots.WaitAsync();
        try
        {
            PendingWrite[] wanted = [.. writes.Where(write => !write.IsAbandoned)];
            if (wanted.Length == 0)
                return;
            await commit(wanted, isSingle);
            if (isSingle && wanted[0].Succeeded)
                orders.TryRemove(wanted[0].Key, out _);
        }
        finally
        {
            slots.Release();
        }
    }
}
