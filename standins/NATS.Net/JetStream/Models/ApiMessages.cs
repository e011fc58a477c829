using System.Text.Json;
using System.Text.Json.Serialization;

namespace NATS.Client.JetStream.Models;

internal sealed record ConsumerCreateRequest
{
    public required string StreamName { get; init; }

    public required ConsumerConfig Config { get; init; }

    /// <summary>Empty: create or update. Servers before 2.10 ignore it.</summary>
    public string? Action { get; init; }
}

/// <summary>One pull.</summary>
internal sealed record ConsumerGetnextRequest
{
    public int Batch { get; init; }

    public int MaxBytes { get; init; }

    public TimeSpan Expires { get; init; }

    public TimeSpan IdleHeartbeat { get; init; }

    public bool NoWait { get; init; }

    public string? Group { get; init; }

    public long MinPending { get; init; }

    public long MinAckPending { get; init; }
}

internal sealed record ListRequest
{
    public int Offset { get; init; }

    public string? Subject { get; init; }
}

internal sealed record StreamListResponse
{
    public int Total { get; init; }

    public int Offset { get; init; }

    public int Limit { get; init; }

    public List<StreamInfo>? Streams { get; init; }
}

internal sealed record ConsumerListResponse
{
    public int Total { get; init; }

    public int Offset { get; init; }

    public int Limit { get; init; }

    public List<ConsumerInfo>? Consumers { get; init; }
}

internal sealed record StreamNamesResponse
{
    public int Total { get; init; }

    public List<string>? Streams { get; init; }
}

internal sealed record ConsumerNamesResponse
{
    public int Total { get; init; }

    public List<string>? Consumers { get; init; }
}

internal sealed record SuccessResponse
{
    public bool Success { get; init; }
}

internal sealed record ConsumerPauseRequest
{
    public DateTimeOffset? PauseUntil { get; init; }
}

internal sealed record ConsumerResetRequest
{
    public ulong Seq { get; init; }
}

internal sealed record ConsumerUnpinRequest
{
    public required string Group { get; init; }
}

/// <summary>The one field that every refused call has.</summary>
internal sealed record ErrorResponse
{
    public ApiError? Error { get; init; }
}

/// <summary>Durations are nanoseconds on the wire.</summary>
internal sealed class NanosecondsConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TimeSpan.FromTicks(reader.GetInt64() / TimeSpan.NanosecondsPerTick);

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(checked(value.Ticks * TimeSpan.NanosecondsPerTick));
}

/// <summary>Wire names in snake case; what is 0, null or false is not sent.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(NanosecondsConverter)])]
[JsonSerializable(typeof(AccountInfoResponse))]
[JsonSerializable(typeof(ConsumerCreateRequest))]
[JsonSerializable(typeof(ConsumerGetnextRequest))]
[JsonSerializable(typeof(ConsumerInfo))]
[JsonSerializable(typeof(ConsumerListResponse))]
[JsonSerializable(typeof(ConsumerNamesResponse))]
[JsonSerializable(typeof(ConsumerPauseRequest))]
[JsonSerializable(typeof(ConsumerPauseResponse))]
[JsonSerializable(typeof(ConsumerResetRequest))]
[JsonSerializable(typeof(ConsumerResetResponse))]
[JsonSerializable(typeof(ConsumerUnpinRequest))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(ListRequest))]
[JsonSerializable(typeof(PubAckResponse))]
[JsonSerializable(typeof(StreamConfig))]
[JsonSerializable(typeof(StreamInfo))]
[JsonSerializable(typeof(StreamInfoRequest))]
[JsonSerializable(typeof(StreamListResponse))]
[JsonSerializable(typeof(StreamMsgDeleteRequest))]
[JsonSerializable(typeof(StreamMsgDeleteResponse))]
[JsonSerializable(typeof(StreamMsgGetRequest))]
[JsonSerializable(typeof(StreamMsgGetResponse))]
[JsonSerializable(typeof(StreamNamesResponse))]
[JsonSerializable(typeof(StreamPurgeRequest))]
[JsonSerializable(typeof(StreamPurgeResponse))]
[JsonSerializable(typeof(SuccessResponse))]
internal sealed partial class JetStreamJson : JsonSerializerContext;
