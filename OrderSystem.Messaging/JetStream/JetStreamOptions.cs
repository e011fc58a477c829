using System.ComponentModel.DataAnnotations;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Section <c>JetStream</c>.</summary>
public sealed class JetStreamOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "JetStream";

    /// <summary>Copies of each stream. 1 for one server, 3 in production: a cluster of three survives the loss of one. Default 1.</summary>
    [AllowedValues(1, 3, 5)]
    public int Replicas { get; set; } = 1;

    /// <summary>How long streams keep events. Less saves disk and shortens the time span of a re-drive. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// After how long without an acknowledgement a message is redelivered. Default 60 s; in-progress acknowledgements
    /// are sent at a third of it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AckWait { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Messages of one durable consumer that may be unacknowledged at once, over all instances. It bounds the redeliveries
    /// after a crash. Default 2,048.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxAckPending { get; set; } = 2_048;

    /// <summary>
    /// Messages that one instance prefetches. Near its concurrency: a prefetched message that waits can time out. Default 256.
    /// </summary>
    [Range(1, 10_000)]
    public int Prefetch { get; set; } = 256;

    /// <summary>Messages that one instance handles concurrently; must exceed rate × latency of the slowest step. Default 256.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 256;
}
