using System.Text.Json;
using System.Text.Json.Serialization;

namespace NATS.Client.JetStream.Models;

/// <summary>A stream. What is left at 0, null or false is not sent: the server's default applies, or on update the feature is off.</summary>
public record StreamConfig
{
    public StreamConfig()
    {
    }

    public StreamConfig(string name, ICollection<string> subjects)
    {
        Name = name;
        Subjects = subjects;
    }

    public string? Name { get; set; }

    public string? Description { get; set; }

    public ICollection<string>? Subjects { get; set; }

    public SubjectTransform? SubjectTransform { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public StreamConfigRetention Retention { get; set; }

    public int MaxConsumers { get; set; }

    public long MaxMsgs { get; set; }

    public long MaxMsgsPerSubject { get; set; }

    public long MaxBytes { get; set; }

    public TimeSpan MaxAge { get; set; }

    public int MaxMsgSize { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public StreamConfigStorage Storage { get; set; }

    public StreamConfigCompression Compression { get; set; }

    public int NumReplicas { get; set; }

    public bool NoAck { get; set; }

    public string? TemplateOwner { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public StreamConfigDiscard Discard { get; set; }

    public TimeSpan DuplicateWindow { get; set; }

    public Placement? Placement { get; set; }

    public StreamSource? Mirror { get; set; }

    public ICollection<StreamSource>? Sources { get; set; }

    public bool Sealed { get; set; }

    public bool DenyDelete { get; set; }

    public bool DenyPurge { get; set; }

    public bool AllowRollupHdrs { get; set; }

    public bool AllowDirect { get; set; }

    public bool MirrorDirect { get; set; }

    public Republish? Republish { get; set; }

    public bool DiscardNewPerSubject { get; set; }

    [JsonPropertyName("allow_msg_ttl")]
    public bool AllowMsgTTL { get; set; }

    [JsonPropertyName("subject_delete_marker_ttl")]
    public TimeSpan SubjectDeleteMarkerTTL { get; set; }

    public IDictionary<string, string>? Metadata { get; set; }

    public bool AllowMsgCounter { get; set; }

    public bool AllowMsgSchedules { get; set; }

    [JsonPropertyName("allow_atomic")]
    public bool AllowAtomicPublish { get; set; }

    public StreamConfigPersistMode? PersistMode { get; set; }

    [JsonPropertyName("allow_batched")]
    public bool AllowBatchPublish { get; set; }

    /// <summary>Fields of a newer server, kept so that an update does not switch them off.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }
}
