namespace NATS.Client.JetStream.Models;

/// <summary>The server's answer to a publish. A rejection is in <see cref="Error"/>, nothing is thrown.</summary>
public record PubAckResponse
{
    public ApiError? Error { get; set; }

    public string? Stream { get; set; }

    public ulong Seq { get; set; }

    /// <summary>The message id was seen before; <see cref="Seq"/> is that of the first message.</summary>
    public bool Duplicate { get; set; }

    public string? Domain { get; set; }

    [System.Text.Json.Serialization.JsonPropertyName("val")]
    public string? Value { get; set; }
}

public record ApiError
{
    /// <summary>As in HTTP: 400, 404, 503.</summary>
    public int Code { get; set; }

    public string? Description { get; set; }

    /// <summary>The exact reason, such as 10059 for a missing stream.</summary>
    public int ErrCode { get; set; }
}
