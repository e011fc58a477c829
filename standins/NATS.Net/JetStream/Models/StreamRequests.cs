namespace NATS.Client.JetStream.Models;

public record StreamInfoRequest
{
    public bool DeletedDetails { get; set; }

    /// <summary>Count the messages of each subject that this matches.</summary>
    public string? SubjectsFilter { get; set; }

    public int Offset { get; set; }
}

public record StreamPurgeRequest
{
    public string? Filter { get; set; }

    /// <summary>Purge below this sequence.</summary>
    public ulong Seq { get; set; }

    /// <summary>Keep this many.</summary>
    public ulong Keep { get; set; }
}

public record StreamPurgeResponse
{
    public bool Success { get; set; }

    public ulong Purged { get; set; }
}

public record StreamMsgDeleteRequest
{
    public ulong Seq { get; set; }

    public bool NoErase { get; set; }
}

public record StreamMsgDeleteResponse
{
    public bool Success { get; set; }
}

/// <summary>One message by sequence, or the first of a subject from it on, or the last of a subject.</summary>
public record StreamMsgGetRequest
{
    public ulong Seq { get; set; }

    [System.Text.Json.Serialization.JsonPropertyName("last_by_subj")]
    public string? LastBySubj { get; set; }

    [System.Text.Json.Serialization.JsonPropertyName("next_by_subj")]
    public string? NextBySubj { get; set; }
}

public record StreamMsgGetResponse
{
    public StoredMessage Message { get; set; } = new();
}

public record StoredMessage
{
    public string Subject { get; set; } = string.Empty;

    public ulong Seq { get; set; }

    public ReadOnlyMemory<byte> Data { get; set; }

    public string? Time { get; set; }

    /// <summary>The header block, base64.</summary>
    public string? Hdrs { get; set; }
}
