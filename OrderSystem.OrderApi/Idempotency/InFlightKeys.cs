using System.Collections.Concurrent;

namespace OrderSystem.OrderApi.Idempotency;

/// <summary>
/// The keys whose first request is in flight in this process: a retry gets 409 with Retry-After instead of queueing behind it. Between
/// processes the primary key of the table decides.
/// </summary>
internal sealed class InFlightKeys
{
    private readonly ConcurrentDictionary<IdempotencyKey, byte> keys = new();

    internal bool TryBegin(IdempotencyKey key) => keys.TryAdd(key, 0);

    internal void End(IdempotencyKey key) => keys.TryRemove(key, out _);
}
