using System.Text.Json.Serialization;

namespace NATS.Client.JetStream.Models;

[JsonConverter(typeof(JsonStringEnumConverter<StreamConfigRetention>))]
public enum StreamConfigRetention
{
    [JsonStringEnumMemberName("limits")]
    Limits,
    [JsonStringEnumMemberName("interest")]
    Interest,
    [JsonStringEnumMemberName("workqueue")]
    Workqueue,
}

[JsonConverter(typeof(JsonStringEnumConverter<StreamConfigStorage>))]
public enum StreamConfigStorage
{
    [JsonStringEnumMemberName("file")]
    File,
    [JsonStringEnumMemberName("memory")]
    Memory,
}

[JsonConverter(typeof(JsonStringEnumConverter<StreamConfigDiscard>))]
public enum StreamConfigDiscard
{
    [JsonStringEnumMemberName("old")]
    Old,
    [JsonStringEnumMemberName("new")]
    New,
}

[JsonConverter(typeof(JsonStringEnumConverter<StreamConfigCompression>))]
public enum StreamConfigCompression
{
    [JsonStringEnumMemberName("none")]
    None,
    [JsonStringEnumMemberName("s2")]
    S2,
}

[JsonConverter(typeof(JsonStringEnumConverter<StreamConfigPersistMode>))]
public enum StreamConfigPersistMode
{
    [JsonStringEnumMemberName("default")]
    Default,
    [JsonStringEnumMemberName("async")]
    Async,
}

[JsonConverter(typeof(JsonStringEnumConverter<ConsumerConfigAckPolicy>))]
public enum ConsumerConfigAckPolicy
{
    [JsonStringEnumMemberName("explicit")]
    Explicit,
    [JsonStringEnumMemberName("all")]
    All,
    [JsonStringEnumMemberName("none")]
    None,
    [JsonStringEnumMemberName("flow_control")]
    FlowControl,
}

[JsonConverter(typeof(JsonStringEnumConverter<ConsumerConfigDeliverPolicy>))]
public enum ConsumerConfigDeliverPolicy
{
    [JsonStringEnumMemberName("all")]
    All,
    [JsonStringEnumMemberName("last")]
    Last,
    [JsonStringEnumMemberName("new")]
    New,
    [JsonStringEnumMemberName("by_start_sequence")]
    ByStartSequence,
    [JsonStringEnumMemberName("by_start_time")]
    ByStartTime,
    [JsonStringEnumMemberName("last_per_subject")]
    LastPerSubject,
}

[JsonConverter(typeof(JsonStringEnumConverter<ConsumerConfigReplayPolicy>))]
public enum ConsumerConfigReplayPolicy
{
    [JsonStringEnumMemberName("instant")]
    Instant,
    [JsonStringEnumMemberName("original")]
    Original,
}

[JsonConverter(typeof(JsonStringEnumConverter<ConsumerConfigPriorityPolicy>))]
public enum ConsumerConfigPriorityPolicy
{
    [JsonStringEnumMemberName("none")]
    None,
    [JsonStringEnumMemberName("pinned_client")]
    PinnedClient,
    [JsonStringEnumMemberName("overflow")]
    Overflow,
    [JsonStringEnumMemberName("prioritized")]
    Prioritized,
}
