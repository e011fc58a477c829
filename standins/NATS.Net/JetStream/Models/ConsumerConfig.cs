using System.Text.Json;
using System.Text.Json.Serialization;

namespace NATS.Client.JetStream.Models;

/// <summary>A consumer. What is left at 0, null or false is not sent: the server's default applies.</summary>
public record ConsumerConfig
{
    public ConsumerConfig()
    {
    }

    /// <summary>A durable consumer of this name.</summary>
    public ConsumerConfig(string name)
    {
        Name = name;
        DurableName = name;
    }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ConsumerConfigDeliverPolicy DeliverPolicy { get; set; }

    public ulong OptStartSeq { get; set; }

    public DateTimeOffset OptStartTime { get; set; }

    public string? DurableName { get; set; }

    public string? Name { get; set; }

    public string? Description { get; set; }

    public string? DeliverSubject { get; set; }

    public string? DeliverGroup { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ConsumerConfigAckPolicy AckPolicy { get; set; }

    public TimeSpan AckWait { get; set; }

    public long MaxDeliver { get; set; }

    public string? FilterSubject { get; set; }

    public ICollection<string>? FilterSubjects { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ConsumerConfigReplayPolicy ReplayPolicy { get; set; }

    public string? SampleFreq { get; set; }

    public long RateLimitBps { get; set; }

    public long MaxAckPending { get; set; }

    public TimeSpan IdleHeartbeat { get; set; }

    public bool FlowControl { get; set; }

    public long MaxWaiting { get; set; }

    public bool Direct { get; set; }

    public bool HeadersOnly { get; set; }

    public int MaxBatch { get; set; }

    public TimeSpan MaxExpires { get; set; }

    public long MaxBytes { get; set; }

    public TimeSpan InactiveThreshold { get; set; }

    public ICollection<TimeSpan>? Backoff { get; set; }

    public long NumReplicas { get; set; }

    public DateTimeOffset? PauseUntil { get; set; }

    public bool MemStorage { get; set; }

    public IDictionary<string, string>? Metadata { get; set; }

    public ICollection<string>? PriorityGroups { get; init; }

    public ConsumerConfigPriorityPolicy? PriorityPolicy { get; init; }

    [JsonPropertyName("priority_timeout")]
    public TimeSpan? PinnedTTL { get; init; }

    /// <summary>Fields of a newer server, kept so that an update does not switch them off.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }
}
