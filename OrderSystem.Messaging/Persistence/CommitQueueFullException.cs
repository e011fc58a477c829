namespace OrderSystem.Messaging.Persistence;

/// <summary>The commit queue is full (backpressure). Nothing was written; retry later.</summary>
public sealed class CommitQueueFullException(int limit)
    : Exception($"{limit} writes are waiting for a commit. Retry later, or raise GroupCommit:MaxWaiting.");
