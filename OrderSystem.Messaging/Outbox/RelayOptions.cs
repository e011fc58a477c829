using System.ComponentModel.DataAnnotations;

namespace OrderSystem.Messaging.Outbox;

/// <summary>Section <c>Relay</c>.</summary>
internal sealed class RelayOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Relay";

    /// <summary>Publishes in flight. More hides the latency of the broker, and is published again after a crash. Default 64.</summary>
    [Range(1, 10_000)]
    public int InFlight { get; set; } = 64;

    /// <summary>Rows leased from the table at once. Default 100.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; set; } = 100;

    /// <summary>Timeout of a publish until its acknowledgement. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Lease of outbox rows; longer than a batch needs, as short as a frozen relay may delay its events. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Shortest poll interval of the table. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan MinPoll { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest poll interval of the table, when idle. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan MaxPoll { get; set; } = TimeSpan.FromSeconds(1);
}
