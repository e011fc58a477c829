using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <summary>Requests to the JetStream API. Null is an empty payload.</summary>
internal sealed class ApiRequestSerializer<T> : INatsSerialize<T?>
    where T : class
{
    public static readonly ApiRequestSerializer<T> Default = new();

    public void Serialize(IBufferWriter<byte> bufferWriter, T? value)
    {
        if (value is not null)
            JsonBytes.Write(bufferWriter, value, ApiTypes.Get<T>());
    }
}

/// <summary>An answer of the JetStream API: the value, or the error.</summary>
internal sealed class ApiResponseSerializer<T> : INatsDeserialize<ApiResult<T>>
    where T : class
{
    public static readonly ApiResponseSerializer<T> Default = new();

    public ApiResult<T> Deserialize(in ReadOnlySequence<byte> buffer)
    {
        var error = JsonBytes.Read(buffer, JetStreamJson.Default.ErrorResponse)?.Error;
        return error is not null ? new ApiResult<T>(null, error) : new ApiResult<T>(JsonBytes.Read(buffer, ApiTypes.Get<T>()), null);
    }
}

internal readonly record struct ApiResult<T>(T? Value, ApiError? Error)
    where T : class;

internal static class ApiTypes
{
    /// <exception cref="NotSupportedException">It is no type of the JetStream API.</exception>
    public static JsonTypeInfo<T> Get<T>() =>
        JetStreamJson.Default.GetTypeInfo(typeof(T)) as JsonTypeInfo<T> ?? throw new NotSupportedException($"{typeof(T)} in a JetStream API call");
}

/// <summary>The answer to a publish comes with each message, so it is read by hand.</summary>
internal sealed class PubAckSerializer : INatsDeserialize<PubAckResponse>
{
    public static readonly PubAckSerializer Default = new();

    private readonly Core.Protocol.AsciiCache _names = new();

    public PubAckResponse? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        var reader = new Utf8JsonReader(buffer);
        var ack = new PubAckResponse();
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("A publish answer is not an object");

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("stream"u8))
                ack.Stream = ReadName(ref reader);
            else if (reader.ValueTextEquals("seq"u8) && reader.Read())
                ack.Seq = reader.GetUInt64();
            else if (reader.ValueTextEquals("duplicate"u8) && reader.Read())
                ack.Duplicate = reader.GetBoolean();
            else if (reader.ValueTextEquals("domain"u8))
                ack.Domain = ReadName(ref reader);
            else if (reader.ValueTextEquals("val"u8) && reader.Read())
                ack.Value = reader.GetString();
            else if (reader.ValueTextEquals("error"u8) && reader.Read())
                ack.Error = JsonSerializer.Deserialize(ref reader, JetStreamJson.Default.ApiError);
            else
                reader.Skip();
        }

        return ack;
    }

    private string? ReadName(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.HasValueSequence || reader.ValueIsEscaped ? reader.GetString() : _names.Get(System.Text.Encoding.UTF8, reader.ValueSpan);
    }
}
