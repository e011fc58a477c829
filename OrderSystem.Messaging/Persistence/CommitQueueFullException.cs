namespace OrderSystem.Messaging.Persistence;

/// <summary>More callers wait for a commit than the queue may hold. Nothing was written; the caller should come back later.</summary>
public sealed class CommitQueueFullException(int limit)
    : Exception($"{limit} writes wait for a commit already. Try again later, or raise GroupCommit:MaxWaiting.");
