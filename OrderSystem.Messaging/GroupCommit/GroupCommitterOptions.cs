using System.ComponentModel.DataAnnotations;

namespace OrderSystem.Messaging.GroupCommit;

/// <summary>Section <c>GroupCommit</c>.</summary>
public sealed class GroupCommitterOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "GroupCommit";

    /// <summary>Maximum number of writes in one transaction. More adds latency. Default 512.</summary>
    [Range(1, 10_000)]
    public int MaxBatch { get; set; } = 512;

    /// <summary>Maximum number of waiting callers (backpressure); the next one gets 503. Default 4,096.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 4_096;

    /// <summary>Timeout of a caller for its commit; a client gets 503. Default 4 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How long the next batch collects writes after a large one. Longer makes larger batches and adds latency. Default 1 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:00.1")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Size of a batch after which the next one lingers. Default 4.</summary>
    [Range(1, 10_000)]
    public int LingerFrom { get; set; } = 4;

    /// <summary>Attempts at a batch that was rolled back for a deadlock or a serialization failure. Default 3.</summary>
    [Range(1, 10)]
    public int MaxConflicts { get; set; } = 3;
}
