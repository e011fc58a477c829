using System.Collections.Concurrent;

namespace OrderSystem.OrderApi.Idempotency;

/// <summary>
/// The keys whose first request is under way in this process: a repetition is told to come back instead of queueing behind it. Between
/// processes the primary key of the table decides.
/// </summary>
internal sealed class RunningKeys
{
    private readonly ConcurrentDictionary<IdempotencyKey, byte> keys = new();

    internal bool TryBegin(IdempotencyKey key) => keys.TryAdd(key, 0);

    internal void End(IdempotencyKey key) => keys.TryRemove(key, out _);
}
