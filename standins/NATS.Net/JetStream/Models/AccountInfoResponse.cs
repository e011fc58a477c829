namespace NATS.Client.JetStream.Models;

public record AccountInfoResponse : AccountStats;

public record AccountStats
{
    /// <summary>Bytes.</summary>
    public long Memory { get; set; }

    /// <summary>Bytes.</summary>
    public long Storage { get; set; }

    public int Streams { get; set; }

    public int Consumers { get; set; }

    public string? Domain { get; set; }

    public AccountLimits Limits { get; set; } = new();

    public IDictionary<string, Tier>? Tiers { get; set; }

    public ApiStats Api { get; set; } = new();
}

public record AccountLimits
{
    public long MaxMemory { get; set; }

    public long MaxStorage { get; set; }

    public int MaxStreams { get; set; }

    public int MaxConsumers { get; set; }

    public bool MaxBytesRequired { get; set; }

    public int MaxAckPending { get; set; }

    public long MemoryMaxStreamBytes { get; set; }

    public long StorageMaxStreamBytes { get; set; }
}

public record Tier
{
    public long Memory { get; set; }

    public long Storage { get; set; }

    public int Streams { get; set; }

    public int Consumers { get; set; }

    public AccountLimits Limits { get; set; } = new();
}

public record ApiStats
{
    public ulong Total { get; set; }

    public ulong Errors { get; set; }
}
