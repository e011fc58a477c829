namespace NATS.Client.JetStream.Models;

/// <summary>A stream as the server has it.</summary>
public record StreamInfo
{
    public StreamConfig Config { get; set; } = new();

    public StreamState State { get; set; } = new();

    public DateTimeOffset Created { get; set; }

    public DateTimeOffset Ts { get; set; }

    public ClusterInfo? Cluster { get; set; }

    public StreamSourceInfo? Mirror { get; set; }

    public ICollection<StreamSourceInfo>? Sources { get; set; }

    public ICollection<StreamAlternate>? Alternates { get; set; }
}

/// <summary>What is in a stream; <see cref="Subjects"/> and <see cref="Deleted"/> only when asked for.</summary>
public record StreamState
{
    public long Messages { get; set; }

    public long Bytes { get; set; }

    public ulong FirstSeq { get; set; }

    public string? FirstTs { get; set; }

    public ulong LastSeq { get; set; }

    public string? LastTs { get; set; }

    public ICollection<long>? Deleted { get; set; }

    public IDictionary<string, long>? Subjects { get; set; }

    public long NumSubjects { get; set; }

    public long NumDeleted { get; set; }

    public LostStreamData? Lost { get; set; }

    public long ConsumerCount { get; set; }
}
