using System.Text.Json.Serialization;

namespace NATS.Client.JetStream.Models;

public record SubjectTransform
{
    public string? Src { get; set; }

    public string? Dest { get; set; }
}

public record Placement
{
    public string? Cluster { get; set; }

    public ICollection<string>? Tags { get; set; }
}

public record Republish
{
    public string? Src { get; set; }

    public string? Dest { get; set; }

    public bool HeadersOnly { get; set; }
}

public record ExternalStreamSource
{
    public string? Api { get; set; }

    public string? Deliver { get; set; }
}

public record StreamSource
{
    public string? Name { get; set; }

    public ulong OptStartSeq { get; set; }

    public DateTimeOffset OptStartTime { get; set; }

    public string? FilterSubject { get; set; }

    public ICollection<SubjectTransform>? SubjectTransforms { get; set; }

    public ExternalStreamSource? External { get; set; }

    /// <summary>Not sent: a shorthand for <see cref="External"/>.</summary>
    [JsonIgnore]
    public string? Domain { get; set; }
}

public record StreamSourceInfo
{
    public string? Name { get; set; }

    public ulong Lag { get; set; }

    public TimeSpan Active { get; set; }

    public string? FilterSubject { get; set; }

    public ICollection<SubjectTransform>? SubjectTransforms { get; set; }

    public ExternalStreamSource? External { get; set; }

    public ApiError? Error { get; set; }
}

public record StreamAlternate
{
    public string? Name { get; set; }

    public string? Cluster { get; set; }

    public string? Domain { get; set; }
}

public record LostStreamData
{
    public ICollection<ulong>? Msgs { get; set; }

    public ulong Bytes { get; set; }
}

public record ClusterInfo
{
    public string? Name { get; set; }

    public string? Leader { get; set; }

    public ICollection<PeerInfo>? Replicas { get; set; }
}

public record PeerInfo
{
    public string? Name { get; set; }

    public bool Current { get; set; }

    public TimeSpan Active { get; set; }

    public bool Offline { get; set; }

    public ulong Lag { get; set; }
}
