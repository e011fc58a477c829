namespace NATS.Client.JetStream.Models;

/// <summary>A consumer as the server has it.</summary>
public record ConsumerInfo
{
    public string StreamName { get; set; } = string.Empty;

    public string Name { get; set; } = string.Empty;

    public DateTimeOffset Ts { get; set; }

    public ConsumerConfig Config { get; set; } = new();

    public DateTimeOffset Created { get; set; }

    public SequenceInfo Delivered { get; set; } = new();

    public SequenceInfo AckFloor { get; set; } = new();

    /// <summary>Delivered and not acknowledged.</summary>
    public int NumAckPending { get; set; }

    public int NumRedelivered { get; set; }

    /// <summary>Pull requests that wait.</summary>
    public int NumWaiting { get; set; }

    /// <summary>Not delivered yet.</summary>
    public ulong NumPending { get; set; }

    [System.Text.Json.Serialization.JsonPropertyName("paused")]
    public bool IsPaused { get; set; }

    public TimeSpan? PauseRemaining { get; set; }

    public ClusterInfo? Cluster { get; set; }

    public bool PushBound { get; set; }

    public ICollection<PriorityGroupState>? PriorityGroups { get; set; }
}

public record SequenceInfo
{
    public ulong ConsumerSeq { get; set; }

    public ulong StreamSeq { get; set; }

    public DateTimeOffset LastActive { get; set; }
}

public record PriorityGroupState
{
    public string? Group { get; set; }

    public string? PinnedClientId { get; set; }

    public DateTimeOffset PinnedTs { get; set; }
}

public record ConsumerPauseResponse
{
    [System.Text.Json.Serialization.JsonPropertyName("paused")]
    public bool IsPaused { get; set; }

    public DateTimeOffset? PauseUntil { get; set; }

    public TimeSpan? PauseRemaining { get; set; }
}

public record ConsumerResetResponse : ConsumerInfo
{
    /// <summary>The next message delivered has this stream sequence or a higher one.</summary>
    public ulong ResetSeq { get; set; }
}
