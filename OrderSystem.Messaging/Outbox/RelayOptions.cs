using System.ComponentModel.DataAnnotations;

namespace OrderSystem.Messaging.Outbox;

/// <summary>Section <c>Relay</c>.</summary>
public sealed class RelayOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Relay";

    /// <summary>Publishes under way at once. More hides the latency of the broker, and is repeated after a crash. Default 64.</summary>
    [Range(1, 10_000)]
    public int InFlight { get; set; } = 64;

    /// <summary>Rows that recovery takes from the table at once. Default 100.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; set; } = 100;

    /// <summary>How long a publish may wait for its acknowledgement. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long taken rows belong to the relay that took them; longer than a batch needs, as short as a frozen relay may delay. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often an idle relay looks into the table at the fastest and at the slowest. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan MinPoll { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The slowest. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan MaxPoll { get; set; } = TimeSpan.FromSeconds(1);
}
